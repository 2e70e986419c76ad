import {
  angleToShape,
  edgesOf,
  type Loop,
  loopContains,
  onBoundary,
  type Polygon,
  polygonContains,
  type Shape,
} from './shape.ts'
import { angle, edgesCross, edgesMeet, NEARNESS, normalized, type Vector } from './vector.ts'

/** How shapes on the sphere lie to each other. Boundaries belong to their polygons. */

/** True when every part of the shape lies in one of the polygons. */
export function within(shape: Shape, region: readonly Polygon[]): boolean {
  return (
    shape.points.every((point) => region.some((polygon) => polygonContains(polygon, point))) &&
    shape.lines.every((line) => region.some((polygon) => lineWithin(line, polygon))) &&
    shape.polygons.every((inner) => region.some((outer) => polygonWithin(inner, outer)))
  )
}

/** True when every part of the shape lies in the cap around `center`. @param radius in radians */
export function withinCap(shape: Shape, center: Vector, radius: number): boolean {
  const near = (point: Vector) => angle(center, point) <= radius + NEARNESS
  return (
    shape.points.every(near) &&
    shape.lines.every((line) => line.every(near)) &&
    shape.polygons.every((polygon) => polygon.shell.vertices.every(near))
  )
}

/** True when the shapes have a point in common. */
export function intersects(a: Shape, b: Shape): boolean {
  if (a.points.some((point) => angleToShape(point, b) <= NEARNESS)) return true
  if (b.points.some((point) => angleToShape(point, a) <= NEARNESS)) return true
  if (a.polygons.some((polygon) => hasVertexIn(b, polygon))) return true
  if (b.polygons.some((polygon) => hasVertexIn(a, polygon))) return true
  const edges = [...shapeEdges(b)]
  for (const [p, q] of shapeEdges(a)) {
    if (edges.some(([r, s]) => edgesMeet(p, q, r, s))) return true
  }
  return false
}

// internals

type Edge = readonly [Vector, Vector]

function* loops(polygon: Polygon): Iterable<Loop> {
  yield polygon.shell
  yield* polygon.holes
}

function* polygonEdges(polygon: Polygon): Iterable<Edge> {
  for (const loop of loops(polygon)) yield* edgesOf(loop)
}

function* lineEdges(line: readonly Vector[]): Iterable<Edge> {
  for (let i = 0; i + 1 < line.length; i += 1) yield [line[i]!, line[i + 1]!]
}

function* shapeEdges(shape: Shape): Iterable<Edge> {
  for (const line of shape.lines) yield* lineEdges(line)
  for (const polygon of shape.polygons) yield* polygonEdges(polygon)
}

function hasVertexIn(shape: Shape, polygon: Polygon): boolean {
  return (
    shape.lines.some((line) => line.some((vertex) => polygonContains(polygon, vertex))) ||
    shape.polygons.some((other) => other.shell.vertices.some((vertex) => polygonContains(polygon, vertex)))
  )
}

function lineWithin(line: readonly Vector[], polygon: Polygon): boolean {
  return line.every((vertex) => polygonContains(polygon, vertex)) && staysInside(lineEdges(line), polygon)
}

function polygonWithin(inner: Polygon, outer: Polygon): boolean {
  return (
    inner.shell.vertices.every((vertex) => polygonContains(outer, vertex)) &&
    staysInside(edgesOf(inner.shell), outer) &&
    !outer.holes.some((hole) => hole.vertices.some((vertex) => strictlyInside(inner, vertex)))
  )
}

/** Edges whose ends are inside leave the polygon only by crossing its boundary, or between two points on it. */
function staysInside(edges: Iterable<Edge>, polygon: Polygon): boolean {
  for (const [a, b] of edges) {
    for (const [c, d] of polygonEdges(polygon)) {
      if (edgesCross(a, b, c, d)) return false
    }
    if (!polygonContains(polygon, normalized([a[0] + b[0], a[1] + b[1], a[2] + b[2]]))) return false
  }
  return true
}

function strictlyInside(polygon: Polygon, point: Vector): boolean {
  return (
    loopContains(polygon.shell, point) &&
    !onBoundary(polygon.shell, point) &&
    !polygon.holes.some((hole) => loopContains(hole, point))
  )
}
