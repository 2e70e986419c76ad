/**
 * Points on the sphere as unit vectors. Edges between them are geodesics, so nothing here knows of poles or the date
 * line (spec/embedded-database.md §13, Geo).
 */
export type Vector = readonly [x: number, y: number, z: number]

/** Radius of the sphere in metres that distances are measured on. */
export const EARTH_RADIUS = 6378100

/** Angle in radians below which two places are the same: well under a millimetre. */
export const NEARNESS = 1e-11

/** @param lng longitude in degrees, @param lat latitude in degrees */
export function vectorOf(lng: number, lat: number): Vector {
  const phi = (lat * Math.PI) / 180
  const lambda = (lng * Math.PI) / 180
  const cosine = Math.cos(phi)
  return [cosine * Math.cos(lambda), cosine * Math.sin(lambda), Math.sin(phi)]
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

export function length(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2])
}

export function normalized(a: Vector): Vector {
  const size = length(a)
  return size === 0 ? a : [a[0] / size, a[1] / size, a[2] / size]
}

/** Angle between two points in radians; precise for small and for large ones. */
export function angle(a: Vector, b: Vector): number {
  return Math.atan2(length(cross(a, b)), dot(a, b))
}

/** Angle between a point and the nearest point of the edge from `a` to `b`. */
export function angleToEdge(point: Vector, a: Vector, b: Vector): number {
  const normal = normalized(cross(a, b))
  const besideEdge = dot(cross(normal, a), point) >= 0 && dot(cross(normal, b), point) <= 0
  if (besideEdge && length(normal) > 0)
    return Math.abs(Math.asin(Math.min(1, Math.max(-1, dot(point, normal)))))
  return Math.min(angle(point, a), angle(point, b))
}

/** True when the edges cross in one point that is inside both. */
export function edgesCross(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  const side = orientation(a, c, b)
  return (
    side !== 0 &&
    side === orientation(c, b, d) &&
    side === orientation(b, d, a) &&
    side === orientation(d, a, c)
  )
}

/** True when the edges have a point in common, end points included. */
export function edgesMeet(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  return (
    edgesCross(a, b, c, d) ||
    angleToEdge(a, c, d) <= NEARNESS ||
    angleToEdge(b, c, d) <= NEARNESS ||
    angleToEdge(c, a, b) <= NEARNESS ||
    angleToEdge(d, a, b) <= NEARNESS
  )
}

// internals

/** 1 when the turn from `a` over `b` to `c` goes left, −1 for right, 0 when they lie on one great circle. */
function orientation(a: Vector, b: Vector, c: Vector): number {
  const volume = dot(cross(a, b), c)
  return Math.abs(volume) < 1e-15 ? 0 : Math.sign(volume)
}
