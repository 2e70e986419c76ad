import { angle, angleToEdge, cross, dot, edgesCross, NEARNESS, normalized, type Vector } from './vector.ts'

/** A geometry on the sphere, whatever its GeoJSON type, taken apart into its simple parts. */
export interface Shape {
  readonly points: readonly Vector[]
  readonly lines: readonly (readonly Vector[])[]
  readonly polygons: readonly Polygon[]
}

export interface Polygon {
  readonly shell: Loop
  readonly holes: readonly Loop[]
}

/** A closed ring. Its inside is the smaller side, to the left of its edges. */
export interface Loop {
  readonly vertices: readonly Vector[]
  readonly center: Vector
  /** Cosine of the angle that reaches every vertex from the centre; no test further out can succeed. */
  readonly reach: number
}

/** Makes a loop of vertices that are not repeated at the end. Either winding order is fine. */
export function loopOf(vertices: readonly Vector[]): Loop {
  const center = normalized(
    vertices.reduce<Vector>((sum, v) => [sum[0] + v[0], sum[1] + v[1], sum[2] + v[2]], [0, 0, 0]),
  )
  const closest = Math.min(...vertices.map((vertex) => dot(center, vertex)))
  return {
    vertices: signedArea(vertices) < 0 ? [...vertices].reverse() : vertices,
    center,
    // A ring that reaches beyond a quarter turn is not held by a cap around its vertices: test everything then.
    reach: closest > 0.05 ? closest - 1e-9 : -2,
  }
}

/** The edges of a loop as pairs of vertices. */
export function* edgesOf(loop: Loop): Iterable<readonly [Vector, Vector]> {
  const { vertices } = loop
  for (let i = 0; i < vertices.length; i += 1) yield [vertices[i]!, vertices[(i + 1) % vertices.length]!]
}

/** True for points inside and on the boundary. */
export function loopContains(loop: Loop, point: Vector): boolean {
  if (dot(loop.center, point) < loop.reach) return false
  return windsAround(loop, point) || onBoundary(loop, point)
}

/** True for points on the boundary only. */
export function onBoundary(loop: Loop, point: Vector): boolean {
  for (const [a, b] of edgesOf(loop)) {
    if (angleToEdge(point, a, b) <= NEARNESS) return true
  }
  return false
}

/** True for points of the polygon: inside the shell, not strictly inside a hole. */
export function polygonContains(polygon: Polygon, point: Vector): boolean {
  return (
    loopContains(polygon.shell, point) &&
    !polygon.holes.some((hole) => loopContains(hole, point) && !onBoundary(hole, point))
  )
}

/** The two edges of a loop that cross, or undefined: a ring may not cross itself. */
export function selfCrossing(vertices: readonly Vector[]): [number, number] | undefined {
  const count = vertices.length
  for (let i = 0; i < count; i += 1) {
    for (let j = i + 2; j < count; j += 1) {
      const [a, b] = [vertices[i]!, vertices[(i + 1) % count]!]
      if (edgesCross(a, b, vertices[j]!, vertices[(j + 1) % count]!)) return [i, j]
    }
  }
  return undefined
}

// internals

/** Sum of the angles that the edges span around the point: a full turn when it is inside, none when outside. */
function windsAround(loop: Loop, point: Vector): boolean {
  let turn = 0
  for (const [a, b] of edgesOf(loop)) {
    const from = cross(point, a)
    const to = cross(point, b)
    turn += Math.atan2(dot(point, cross(from, to)), dot(from, to))
  }
  // A point opposite the inside also sees a full turn, but the other way round.
  return turn > Math.PI
}

/** Area of the ring in steradians, negative when it runs clockwise, modulo the whole sphere. */
function signedArea(vertices: readonly Vector[]): number {
  const [first, ...rest] = vertices
  if (first === undefined) return 0
  let area = 0
  for (let i = 0; i + 1 < rest.length; i += 1) {
    const [b, c] = [rest[i]!, rest[i + 1]!]
    area += 2 * Math.atan2(dot(first, cross(b, c)), 1 + dot(first, b) + dot(b, c) + dot(c, first))
  }
  const wrapped = area % (4 * Math.PI)
  if (wrapped > 2 * Math.PI) return wrapped - 4 * Math.PI
  return wrapped < -2 * Math.PI ? wrapped + 4 * Math.PI : wrapped
}

/** Angle from a point to the nearest place of a shape, 0 inside a polygon. */
export function angleToShape(point: Vector, shape: Shape): number {
  let nearest = Number.POSITIVE_INFINITY
  for (const other of shape.points) nearest = Math.min(nearest, angle(point, other))
  for (const line of shape.lines) {
    for (let i = 0; i + 1 < line.length; i += 1) {
      nearest = Math.min(nearest, angleToEdge(point, line[i]!, line[i + 1]!))
    }
  }
  for (const polygon of shape.polygons) {
    if (polygonContains(polygon, point)) return 0
    for (const loop of [polygon.shell, ...polygon.holes]) {
      for (const [a, b] of edgesOf(loop)) nearest = Math.min(nearest, angleToEdge(point, a, b))
    }
  }
  return nearest
}
