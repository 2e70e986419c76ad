import { fail } from '../errors.ts'
import { describeValue } from '../values/describe.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { compileWalk } from '../values/paths.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { type FlatPoint, inRange, isMalformed, parseFlatPoint, parseGeometry } from './geojson.ts'
import { angleToShape } from './shape.ts'
import { EARTH_RADIUS, vectorOf } from './vector.ts'

/** `$near`, `$nearSphere`, and what the `$geoNear` stage needs: distances from a point, nearest first. */

/** What a filter with `$near` asks of the command that runs it: sort by distance, drop what has none. */
export interface NearSpec {
  readonly path: string
  /** The index the server would insist on; `any` when both kinds serve. Without it: error 291. */
  readonly index: '2d' | '2dsphere' | 'any'
  /** Distance of the document's nearest geometry; undefined when it has none, or none within the bounds. */
  distance(doc: Doc): number | undefined
}

/** How distances are measured: on the sphere in metres or radians, or on the plane in the units of the coordinates. */
export type Measure = 'metres' | 'radians' | 'flat'

export interface NearBounds {
  /** Inclusive, in the unit of the measure. */
  minDistance?: number | undefined
  maxDistance?: number | undefined
}

/** A point to measure from. */
export interface NearPoint extends FlatPoint {
  /** False for a legacy pair. */
  readonly geoJson: boolean
}

/** The nearest geometry of a document. */
export interface Nearest {
  readonly distance: number
  /** The geometry as it is stored. */
  readonly location: unknown
}

/** True for the operators that order by distance. */
export function isNearOperator(name: string): boolean {
  return name === '$near' || name === '$nearSphere' || name === '$geoNear'
}

/**
 * Parses the operators of one field whose first is `$near` or `$nearSphere`.
 * @throws code 2, or the locations 16893 to 16896, 18522 and 34413, for malformed ones
 */
export function parseNear(path: string, operators: Doc): NearSpec {
  const [operator = '$near'] = Object.keys(operators)
  const operand = operators[operator]
  const { point, bounds } =
    isDocument(operand) && Object.hasOwn(operand, '$geometry')
      ? parseNewForm(operators, operand)
      : parseLegacyForm(operators, operator)
  const spherical = operator === '$nearSphere' || point.geoJson
  if (spherical && !inRange(point.x, point.y)) fail(2, 'Legacy point is out of bounds for spherical query')
  const measure: Measure = !spherical ? 'flat' : point.geoJson ? 'metres' : 'radians'
  const nearest = compileNearest(path, point, measure, bounds)
  return {
    path,
    index: measure === 'flat' ? '2d' : measure === 'metres' ? '2dsphere' : 'any',
    distance: (doc) => nearest(doc)?.distance,
  }
}

/**
 * A point to measure from: a GeoJSON point or a legacy pair.
 * @throws code 2 when it is neither
 */
export function parseNearPoint(value: unknown): NearPoint {
  const geometry = parseGeometry(value)
  if (isMalformed(geometry)) return fail(2, `invalid point in geo near query: ${geometry.reason}`)
  if (!geometry.flat) return fail(2, `$near requires a point, given ${describeValue(value)}`)
  return { ...geometry.flat, geoJson: !geometry.legacy }
}

/** Compiles the search for a document's nearest geometry at a path. */
export function compileNearest(
  path: string,
  point: FlatPoint,
  measure: Measure,
  bounds: NearBounds = {},
): (doc: Doc) => Nearest | undefined {
  const walk = compileWalk(path, 'elements')
  const distanceOf = compileDistance(point, measure)
  const { minDistance = 0, maxDistance = Number.POSITIVE_INFINITY } = bounds
  return (doc) => {
    let nearest: Nearest | undefined
    walk(doc, (value) => {
      const distance = typeof value === 'object' && value !== null ? distanceOf(value) : undefined
      if (distance === undefined || distance < minDistance || distance > maxDistance) return false
      if (nearest === undefined || distance < nearest.distance) nearest = { distance, location: value }
      return false
    })
    return nearest
  }
}

// internals

function compileDistance(point: FlatPoint, measure: Measure): (value: unknown) => number | undefined {
  if (measure === 'flat') {
    return (value) => {
      const geometry = parseGeometry(value)
      if (isMalformed(geometry) || !geometry.flat) return undefined
      return Math.hypot(geometry.flat.x - point.x, geometry.flat.y - point.y)
    }
  }
  const from = vectorOf(point.x, point.y)
  const unit = measure === 'metres' ? EARTH_RADIUS : 1
  return (value) => {
    const geometry = parseGeometry(value)
    if (isMalformed(geometry) || !geometry.shape) return undefined
    return angleToShape(from, geometry.shape) * unit
  }
}

interface ParsedNear {
  point: NearPoint
  bounds: NearBounds
}

/** `{$near: {$geometry: …, $minDistance: …, $maxDistance: …}}`: distances in metres. */
function parseNewForm(operators: Doc, operand: Doc): ParsedNear {
  const extra = Object.keys(operators)[1]
  if (extra !== undefined) {
    fail(
      2,
      `geo near accepts just one argument when querying for a GeoJSON point. Extra field found: ${extra}: ${describeValue(operators[extra])}`,
    )
  }
  const point = parseNearPoint(operand.$geometry)
  if (!point.geoJson) fail(2, `$near requires geojson point, given ${describeValue(operand.$geometry)}`)
  const bounds: NearBounds = {}
  for (const name of Object.keys(operand)) {
    if (name === '$minDistance') bounds.minDistance = distanceBound(name, operand[name], 2, 2)
    else if (name === '$maxDistance') bounds.maxDistance = distanceBound(name, operand[name], 2, 2)
    else if (name !== '$geometry') fail(2, `invalid argument in geo near query: ${name}`)
  }
  return { point, bounds }
}

/** `{$near: [x, y], $maxDistance: …}`, also with the maximum as third element of the pair. */
function parseLegacyForm(operators: Doc, operator: string): ParsedNear {
  const operand = operators[operator]
  const bounds: NearBounds = {}
  const third = Array.isArray(operand) ? operand[2] : undefined
  if (isNumber(third)) bounds.maxDistance = distanceBound('max distance', third, 18522, 18522)
  for (const name of Object.keys(operators)) {
    if (name === '$minDistance') bounds.minDistance = distanceBound(name, operators[name], 16893, 16894)
    else if (name === '$maxDistance') bounds.maxDistance = distanceBound(name, operators[name], 16895, 16896)
    else if (!isNearOperator(name) && name !== '$uniqueDocs') {
      fail(34413, `invalid argument in geo near query: ${name}`)
    }
  }
  const isGeoJson = isDocument(operand) && operand.type === 'Point'
  const at = parseFlatPoint(operand)
  if (!isGeoJson && isMalformed(at)) return fail(2, '$geometry is required for geo near query')
  return { point: parseNearPoint(operand), bounds }
}

function distanceBound(name: string, value: unknown, notNumber: number, negative: number): number {
  if (!isNumber(value)) return fail(notNumber, `${name} must be a number`)
  const distance = toDouble(value)
  return distance >= 0 ? distance : fail(negative, `${name} must be non-negative`)
}
