import { fail } from '../../errors.ts'
import { compileNearest, type Measure, type Nearest, parseNearPoint } from '../../geo/near.ts'
import { compileFilter } from '../../match/index.ts'
import { sortInTurns } from '../../sort-in-turns.ts'
import { isNumber, toDouble } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { setNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import { consume, emit } from '../flow.ts'
import { createFrame } from '../scope.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$geoNear`: documents by distance from a point, nearest first, each with its distance. */
export function geoNearStage(argument: unknown, context: StageContext): Stage {
  const spec = readArgument(argument, context)
  const { now, let: variables, collation } = context.scope.options
  const matcher = compileFilter(spec.query, { now, let: variables, collation })
  if (matcher.near) fail(2, '$near, $nearSphere and $geoNear are not allowed in the query of $geoNear')
  return {
    near: { path: spec.key },
    nearQuery: spec.query,
    *run(input) {
      const found: Found[] = []
      let nearestOf: ((doc: Doc) => Nearest | undefined) | undefined
      yield* consume(input, (doc) => {
        // Only now: a collection without documents, or without existence, is nobody's mistake.
        nearestOf ??= compileNearest(indexedPath(spec, context), spec.point, spec.measure, spec.bounds)
        if (!matcher.matches(doc)) return
        const nearest = nearestOf(doc)
        if (nearest) found.push({ doc, nearest })
      })
      const order = (a: Found, b: Found) => a.nearest.distance - b.nearest.distance
      const sorted = yield* sortInTurns(found, order, context.turns)
      yield* emit(sorted, context.turns, ({ doc, nearest }) => {
        const placed = setNested(doc, spec.distanceField, nearest.distance * spec.multiplier)
        return spec.includeLocs ? setNested(placed, spec.includeLocs, nearest.location) : placed
      })
    },
  }
}

// internals

interface Found {
  readonly doc: Doc
  readonly nearest: Nearest
}

interface GeoNearSpec {
  point: ReturnType<typeof parseNearPoint>
  measure: Measure
  bounds: { minDistance?: number; maxDistance?: number }
  distanceField: readonly string[]
  includeLocs: readonly string[] | undefined
  multiplier: number
  key: string | undefined
  query: Doc
}

function indexedPath({ key }: GeoNearSpec, { collection, database, geoPaths }: StageContext): string {
  const paths = geoPaths(collection)
  if (key !== undefined) {
    if (paths && !paths.includes(key)) {
      fail(
        291,
        `error processing query: ns=${database}.${collection} planner returned error :: caused by :: unable to find index for $geoNear query`,
      )
    }
    return key
  }
  const [only, ...others] = paths ?? []
  if (only === undefined) return fail(27, '$geoNear requires a 2d or 2dsphere index, but none were found')
  if (others.length > 0) {
    fail(
      27,
      `There is more than one 2dsphere index on ${database}.${collection}; unsure which to use for $geoNear`,
    )
  }
  return only
}

const MEMBERS = [
  'near',
  'distanceField',
  'distanceMultiplier',
  'includeLocs',
  'key',
  'maxDistance',
  'minDistance',
  'query',
  'spherical',
  'uniqueDocs',
]

function readArgument(argument: unknown, { scope }: StageContext): GeoNearSpec {
  if (!isDocument(argument)) return fail(10065, 'invalid parameter: expected an object ($geoNear)')
  for (const member of Object.keys(argument)) {
    if (member === 'limit' || member === 'num') {
      fail(50858, `$geoNear no longer supports the '${member}' parameter. Use a $limit stage instead.`)
    }
    if (member === 'start') fail(50856, "$geoNear doesn't support the 'start' parameter")
    if (!MEMBERS.includes(member)) fail(40415, `BSON field '$geoNear.${member}' is an unknown field.`)
  }
  const { distanceField, includeLocs, key, query = {}, near } = argument
  if (near === undefined) fail(5860400, "$geoNear requires a 'near' argument")
  if (typeof distanceField !== 'string') {
    return fail(16605, "$geoNear requires a 'distanceField' option as a String")
  }
  if (includeLocs !== undefined && typeof includeLocs !== 'string') {
    return fail(16607, "$geoNear requires that 'includeLocs' option is a String")
  }
  if (!isDocument(query)) {
    return fail(
      14,
      `BSON field '$geoNear.query' is the wrong type '${bsonTypeName(query)}', expected type 'object'`,
    )
  }
  // The point may be an expression over variables and constants.
  const point = parseNearPoint(scope.compile(near)(createFrame()))
  return {
    point,
    measure: point.geoJson ? 'metres' : argument.spherical === true ? 'radians' : 'flat',
    bounds: {
      ...optional('minDistance', distanceOf(argument, 'minDistance')),
      ...optional('maxDistance', distanceOf(argument, 'maxDistance')),
    },
    distanceField: parseFieldPath(distanceField),
    includeLocs: includeLocs === undefined ? undefined : parseFieldPath(includeLocs),
    multiplier: distanceOf(argument, 'distanceMultiplier') ?? 1,
    key: keyPath(key),
    query,
  }
}

function keyPath(key: unknown): string | undefined {
  if (key === undefined) return undefined
  if (typeof key !== 'string') {
    return fail(14, `$geoNear parameter 'key' must be of type string but found type: ${bsonTypeName(key)}`)
  }
  return parseFieldPath(key).join('.')
}

function distanceOf(argument: Doc, name: string): number | undefined {
  const value = argument[name]
  if (value === undefined) return undefined
  if (!isNumber(value)) return fail(2, `${name} must be a number`)
  const distance = toDouble(value)
  return distance >= 0 ? distance : fail(2, `${name} must be nonnegative`)
}

function optional<K extends string>(name: K, value: number | undefined): { [key in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]?: number })
}
