import { fail } from '../errors.ts'
import { describeMember, describeValue } from '../values/describe.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { type FlatRegion, parseBox, parseCenter, parseCircle, parseFlatPolygon } from './flat.ts'
import { type Geometry, inRange, isMalformed, type Malformed, parseGeometry } from './geojson.ts'
import { intersects, within, withinCap } from './relations.ts'
import { vectorOf } from './vector.ts'

/**
 * `$geoWithin` (and its old name `$within`) and `$geoIntersects` as a question about one value. Values that are no
 * geometry never match.
 * @throws code 2 with the reason when the operand is malformed
 */
export function geoPredicate(operator: string, operand: unknown): (value: unknown) => boolean {
  if (!isDocument(operand)) return fail(2, 'geometry must be an object')
  const test = parseOperand(operator, operand)
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    const geometry = parseGeometry(value)
    return !isMalformed(geometry) && test(geometry)
  }
}

// internals

type GeometryTest = (geometry: Geometry) => boolean

function parseOperand(operator: string, operand: Doc): GeometryTest {
  const specifiers = Object.keys(operand).filter((name) => name !== '$uniqueDocs')
  const [specifier] = specifiers
  if (specifier === undefined) return fail(2, "geo query doesn't have any geometry")
  if (specifiers.length > 1) {
    fail(2, `${operator} doesn't accept multiple shapes ${describeMember(operator, operand)}`)
  }
  if (operator === '$geoIntersects') {
    return specifier === '$geometry'
      ? intersectsTest(operand[specifier])
      : fail(
          2,
          `$geoIntersect not supported with provided geometry: ${describeValue({ [operator]: operand })}`,
        )
  }
  return withinTest(operator, specifier, operand)
}

function intersectsTest(value: unknown): GeometryTest {
  const { shape } = orFail(parseQueryGeometry(value))
  if (!shape) return fail(2, '$geoIntersects needs a geometry on the sphere')
  return (geometry) => geometry.shape !== undefined && intersects(geometry.shape, shape)
}

function withinTest(operator: string, specifier: string, operand: Doc): GeometryTest {
  const value = operand[specifier]
  switch (specifier) {
    case '$geometry': {
      const { shape } = orFail(parseQueryGeometry(value))
      if (!shape || shape.polygons.length === 0 || shape.points.length > 0 || shape.lines.length > 0) {
        return fail(
          2,
          `$within not supported with provided geometry: ${describeValue({ [operator]: operand })}`,
        )
      }
      return (geometry) => geometry.shape !== undefined && within(geometry.shape, shape.polygons)
    }
    case '$centerSphere': {
      const { center, radius } = orFail(parseCircle(value))
      if (!inRange(center.x, center.y)) {
        fail(
          2,
          `Spherical center would require splitting or is out of bounds, lng: ${center.x} lat: ${center.y}`,
        )
      }
      const axis = vectorOf(center.x, center.y)
      return (geometry) => geometry.shape !== undefined && withinCap(geometry.shape, axis, radius)
    }
    case '$box':
      return flatTest(orFail(parseBox(value)))
    case '$center':
      return flatTest(orFail(parseCenter(value)))
    case '$polygon':
      return flatTest(orFail(parseFlatPolygon(value)))
    default:
      return fail(2, `unknown geo specifier: ${describeMember(specifier, value)}`)
  }
}

function flatTest(region: FlatRegion): GeometryTest {
  return (geometry) => geometry.flat !== undefined && region(geometry.flat)
}

function parseQueryGeometry(value: unknown): Geometry | Malformed {
  if (!isDocument(value))
    return { reason: `$geometry must be an object, instead got ${describeValue(value)}` }
  return parseGeometry(value)
}

function orFail<T extends object>(parsed: T | Malformed): T {
  return isMalformed(parsed) ? fail(2, parsed.reason) : parsed
}
