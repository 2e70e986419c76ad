import { describeValue } from '../values/describe.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { loopOf, type Polygon, type Shape, selfCrossing } from './shape.ts'
import { type Vector, vectorOf } from './vector.ts'

/**
 * Geometries as documents hold them: GeoJSON objects, and legacy points (`[lng, lat]`, `{lng: …, lat: …}`).
 * What does not parse gives a {@link Malformed} with the reason: an error in a query, no match in a document.
 */

export interface Malformed {
  readonly reason: string
}

/** A place on the plane, in whatever unit the coordinates have. */
export interface FlatPoint {
  readonly x: number
  readonly y: number
}

/** A parsed geometry. `flat` is there for points, which also exist on the plane. */
export interface Geometry {
  /** Undefined when a legacy point lies outside the ranges of longitude and latitude. */
  readonly shape?: Shape
  readonly flat?: FlatPoint
  readonly legacy: boolean
}

export function isMalformed<T extends object>(value: T | Malformed): value is Malformed {
  return 'reason' in value
}

/** Parses a stored value or the operand of `$geometry`. */
export function parseGeometry(value: unknown): Geometry | Malformed {
  if (isDocument(value) && value.type !== undefined && !isNumber(value.type)) return parseGeoJson(value)
  const flat = parseFlatPoint(value)
  if (isMalformed(flat)) return flat
  return inRange(flat.x, flat.y)
    ? { shape: pointShape(flat.x, flat.y), flat, legacy: true }
    : { flat, legacy: true }
}

/** A legacy point: the first two members of an array or a document, both numbers. */
export function parseFlatPoint(value: unknown): FlatPoint | Malformed {
  const parts = Array.isArray(value) ? value : isDocument(value) ? Object.values(value) : undefined
  if (parts === undefined)
    return { reason: `Point must be an array or object, instead got ${describeValue(value)}` }
  const [x, y] = parts
  if (!isNumber(x) || !isNumber(y)) {
    return { reason: `Point must only contain numeric elements, instead got ${describeValue(value)}` }
  }
  return { x: toDouble(x), y: toDouble(y) }
}

/** True for a longitude and a latitude in degrees. */
export function inRange(lng: number, lat: number): boolean {
  return lng >= -180 && lng <= 180 && lat >= -90 && lat <= 90
}

// internals

function pointShape(lng: number, lat: number): Shape {
  return { points: [vectorOf(lng, lat)], lines: [], polygons: [] }
}

const EMPTY: Shape = { points: [], lines: [], polygons: [] }

function parseGeoJson(value: Doc): Geometry | Malformed {
  const crs = checkCrs(value.crs)
  if (crs) return crs
  if (value.type === 'Point') {
    const at = parsePosition(value.coordinates)
    return isMalformed(at) ? at : { shape: pointShape(at.x, at.y), flat: at, legacy: false }
  }
  const shape = parseShape(value)
  return isMalformed(shape) ? shape : { shape, legacy: false }
}

function checkCrs(crs: unknown): Malformed | undefined {
  if (crs === undefined) return undefined
  const properties = isDocument(crs) && crs.type === 'name' ? crs.properties : undefined
  const name = isDocument(properties) ? properties.name : undefined
  if (name === 'urn:ogc:def:crs:OGC:1.3:CRS84' || name === 'EPSG:4326') return undefined
  return { reason: `Unknown CRS name: ${describeValue(name ?? crs)}` }
}

function parseShape(value: Doc): Shape | Malformed {
  const { type, coordinates } = value
  switch (type) {
    case 'Point':
      return mapParts([coordinates], parsePoint, (points) => ({ ...EMPTY, points }))
    case 'MultiPoint':
      return mapParts(coordinates, parsePoint, (points) => ({ ...EMPTY, points }))
    case 'LineString':
      return mapParts([coordinates], parseLine, (lines) => ({ ...EMPTY, lines }))
    case 'MultiLineString':
      return mapParts(coordinates, parseLine, (lines) => ({ ...EMPTY, lines }))
    case 'Polygon':
      return mapParts([coordinates], parsePolygon, (polygons) => ({ ...EMPTY, polygons }))
    case 'MultiPolygon':
      return mapParts(coordinates, parsePolygon, (polygons) => ({ ...EMPTY, polygons }))
    case 'GeometryCollection':
      return mapParts(value.geometries, parseMember, (shapes) => ({
        points: shapes.flatMap((shape) => shape.points),
        lines: shapes.flatMap((shape) => shape.lines),
        polygons: shapes.flatMap((shape) => shape.polygons),
      }))
    default:
      return { reason: `unknown GeoJSON type: ${describeValue(value)}` }
  }
}

function parseMember(value: unknown): Shape | Malformed {
  return isDocument(value) ? parseShape(value) : { reason: 'GeoJSON geometries must be objects' }
}

/** Parses each part; the first that is malformed decides. */
function mapParts<T extends object>(
  parts: unknown,
  parse: (part: unknown) => T | Malformed,
  combine: (parsed: T[]) => Shape,
): Shape | Malformed {
  if (!Array.isArray(parts)) return { reason: 'GeoJSON coordinates must be an array of coordinates' }
  const parsed: T[] = []
  for (const part of parts) {
    const result = parse(part)
    if (isMalformed(result)) return result
    parsed.push(result)
  }
  return parsed.length === 0 ? { reason: 'GeoJSON coordinates must not be empty' } : combine(parsed)
}

function parsePosition(value: unknown): FlatPoint | Malformed {
  const at = parseFlatPoint(value)
  if (isMalformed(at) || inRange(at.x, at.y)) return at
  return { reason: `Longitude/latitude is out of bounds, lng: ${at.x} lat: ${at.y}` }
}

function parsePoint(value: unknown): Vector | Malformed {
  const at = parsePosition(value)
  return isMalformed(at) ? at : vectorOf(at.x, at.y)
}

function parseLine(value: unknown): readonly Vector[] | Malformed {
  const vertices = parseVertices(value)
  if (isMalformed(vertices)) return vertices
  const distinct = withoutRepeats(vertices)
  return distinct.length < 2
    ? { reason: `GeoJSON LineString must have at least 2 vertices: ${describeValue(value)}` }
    : distinct
}

function parseVertices(value: unknown): Vector[] | Malformed {
  if (!Array.isArray(value)) return { reason: 'GeoJSON coordinates must be an array of coordinates' }
  const vertices: Vector[] = []
  for (const position of value) {
    const vertex = parsePoint(position)
    if (isMalformed(vertex)) return vertex
    vertices.push(vertex)
  }
  return vertices
}

function parsePolygon(value: unknown): Polygon | Malformed {
  if (!Array.isArray(value)) return { reason: 'Polygon coordinates must be an array' }
  if (value.length === 0) return { reason: 'Polygon has no loops.' }
  const rings: Vector[][] = []
  for (const ring of value) {
    const vertices = parseRing(ring)
    if (isMalformed(vertices)) return vertices
    rings.push(vertices)
  }
  const [shell = [], ...holes] = rings
  return { shell: loopOf(shell), holes: holes.map(loopOf) }
}

function parseRing(value: unknown): Vector[] | Malformed {
  const vertices = parseVertices(value)
  if (isMalformed(vertices)) return vertices
  const ring = withoutRepeats(vertices)
  const [first, last] = [ring[0], ring.at(-1)]
  if (vertices.length < 2 || !first || !last || !same(first, last)) {
    return { reason: `Loop is not closed: ${describeValue(value)}` }
  }
  ring.pop()
  if (ring.length < 3)
    return { reason: `Loop must have at least 3 different vertices: ${describeValue(value)}` }
  const crossing = selfCrossing(ring)
  if (crossing) {
    return {
      reason: `Loop is not valid: ${describeValue(value)} Edges ${crossing[0]} and ${crossing[1]} cross.`,
    }
  }
  return ring
}

function withoutRepeats(vertices: readonly Vector[]): Vector[] {
  return vertices.filter((vertex, index) => index === 0 || !same(vertex, vertices[index - 1]!))
}

function same(a: Vector, b: Vector): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2]
}
