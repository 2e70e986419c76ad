import { describeValue } from '../values/describe.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { isDocument } from '../values/types.ts'
import { type FlatPoint, isMalformed, type Malformed, parseFlatPoint } from './geojson.ts'

/** Regions of the plane for legacy points: `$box`, `$center`, `$polygon`. */

/** Says whether a place is in the region, its boundary included. */
export type FlatRegion = (at: FlatPoint) => boolean

export function parseBox(value: unknown): FlatRegion | Malformed {
  const corners = parsePoints(value)
  if (isMalformed(corners)) return corners
  const [a, b] = corners
  if (!a || !b || corners.length > 2)
    return { reason: 'Point coordinates must be an array of 2 points for $box' }
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)]
  const [low, high] = [Math.min(a.y, b.y), Math.max(a.y, b.y)]
  return ({ x, y }) => x >= left && x <= right && y >= low && y <= high
}

export function parseCenter(value: unknown): FlatRegion | Malformed {
  const circle = parseCircle(value)
  if (isMalformed(circle)) return circle
  const { center, radius } = circle
  return ({ x, y }) => Math.hypot(x - center.x, y - center.y) <= radius
}

/** `[point, radius]`, of `$center` and `$centerSphere`. */
export function parseCircle(value: unknown): { center: FlatPoint; radius: number } | Malformed {
  const [first, second, ...more] = Array.isArray(value)
    ? value
    : isDocument(value)
      ? Object.values(value)
      : []
  const center = parseFlatPoint(first)
  if (isMalformed(center)) return center
  if (!isNumber(second)) return { reason: 'radius must be a non-negative number' }
  const radius = toDouble(second)
  if (!(radius >= 0)) return { reason: 'radius must be a non-negative number' }
  if (more.length > 0)
    return {
      reason: `Only 2 fields allowed for circular region, but more were provided: ${describeValue(value)}`,
    }
  return { center, radius }
}

export function parseFlatPolygon(value: unknown): FlatRegion | Malformed {
  const vertices = parsePoints(value)
  if (isMalformed(vertices)) return vertices
  if (vertices.length < 3) return { reason: 'Polygon must have at least 3 points' }
  return (at) => isInside(at, vertices)
}

// internals

function parsePoints(value: unknown): FlatPoint[] | Malformed {
  const parts = Array.isArray(value) ? value : isDocument(value) ? Object.values(value) : undefined
  if (parts === undefined) return { reason: 'unknown geo specifier' }
  const points: FlatPoint[] = []
  for (const part of parts) {
    const point = parseFlatPoint(part)
    if (isMalformed(point)) return point
    points.push(point)
  }
  return points
}

/** Ray casting; a place on an edge is inside. */
function isInside(at: FlatPoint, vertices: readonly FlatPoint[]): boolean {
  let inside = false
  for (let i = 0; i < vertices.length; i += 1) {
    const [a, b] = [vertices[i]!, vertices[(i + 1) % vertices.length]!]
    if (onEdge(at, a, b)) return true
    if (a.y > at.y !== b.y > at.y && at.x < ((b.x - a.x) * (at.y - a.y)) / (b.y - a.y) + a.x) inside = !inside
  }
  return inside
}

function onEdge(at: FlatPoint, a: FlatPoint, b: FlatPoint): boolean {
  if ((b.x - a.x) * (at.y - a.y) !== (b.y - a.y) * (at.x - a.x)) return false
  return (
    at.x >= Math.min(a.x, b.x) &&
    at.x <= Math.max(a.x, b.x) &&
    at.y >= Math.min(a.y, b.y) &&
    at.y <= Math.max(a.y, b.y)
  )
}
