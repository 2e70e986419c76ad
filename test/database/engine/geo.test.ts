import { describe, expect, it } from 'vitest'
import { compileNearest, parseNearPoint } from '../../../database/engine/geo/near.ts'
import { compileFilter } from '../../../database/engine/match/index.ts'
import type { Doc } from '../../../database/engine/values/types.ts'

const env = { now: new Date(0) }

const point = (lng: number, lat: number) => ({ type: 'Point', coordinates: [lng, lat] })
const line = (...coordinates: number[][]) => ({ type: 'LineString', coordinates })
const polygon = (...coordinates: number[][][]) => ({ type: 'Polygon', coordinates })

/** A ring between two corners, edges along parallels being geodesics all the same. */
function box(west: number, south: number, east: number, north: number): number[][] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
}

const square = polygon(box(0, 0, 10, 10))
const ring = polygon(box(0, 0, 10, 10), box(3, 3, 7, 7))

function matches(loc: unknown, condition: Doc): boolean {
  return compileFilter({ loc: condition }, env).matches({ loc })
}

describe('$geoWithin', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['a point inside', point(5, 5), square, true],
    ['a point outside', point(11, 5), square, false],
    ['a corner', point(0, 0), square, true],
    ['a point on an edge', point(0, 5), square, true],
    ['a point on the equator edge', point(5, 0), square, true],
    // The northern edge is a geodesic and bulges towards the pole.
    ['a point between a parallel and the geodesic', point(5, 10.01), square, true],
    ['the antipode of a point inside', point(-175, -5), square, false],
    ['a legacy pair', [5, 5], square, true],
    ['a legacy document', { lng: 5, lat: 5 }, square, true],
    ['a pair off the globe', [500, 5], square, false],
    ['an array of points, one inside', [point(50, 5), point(5, 5)], square, true],
    ['a point in the hole', point(5, 5), ring, false],
    ['a point on the edge of the hole', point(3, 5), ring, true],
    ['a ring wound the other way', point(5, 5), polygon(box(0, 0, 10, 10).reverse()), true],
    [
      'a point across the date line',
      point(-179, 5),
      polygon([
        [170, 0],
        [-170, 0],
        [-170, 10],
        [170, 10],
        [170, 0],
      ]),
      true,
    ],
    [
      'a point beside the date line',
      point(0, 5),
      polygon([
        [170, 0],
        [-170, 0],
        [-170, 10],
        [170, 10],
        [170, 0],
      ]),
      false,
    ],
    [
      'the pole',
      point(0, 90),
      polygon([
        [0, 80],
        [120, 80],
        [-120, 80],
        [0, 80],
      ]),
      true,
    ],
    [
      'the other pole',
      point(0, -90),
      polygon([
        [0, 80],
        [120, 80],
        [-120, 80],
        [0, 80],
      ]),
      false,
    ],
    ['a line inside', line([1, 1], [9, 9]), square, true],
    ['a line that leaves', line([1, 1], [11, 9]), square, false],
    ['a line through the hole', line([1, 5], [9, 5]), ring, false],
    ['a polygon inside', polygon(box(1, 1, 2, 2)), square, true],
    ['a polygon around the hole', polygon(box(2, 2, 8, 8)), ring, false],
    ['itself', square, square, true],
    [
      'one of a MultiPolygon',
      point(25, 5),
      { type: 'MultiPolygon', coordinates: [[box(0, 0, 10, 10)], [box(20, 0, 30, 10)]] },
      true,
    ],
    [
      'a collection with a part outside',
      { type: 'GeometryCollection', geometries: [point(5, 5), point(15, 5)] },
      square,
      false,
    ],
    ['no geometry', { type: 'Point', coordinates: ['x', 1] }, square, false],
    ['a string', 'x', square, false],
  ])('%s', (_, loc, geometry, expected) => {
    expect(matches(loc, { $geoWithin: { $geometry: geometry } })).toBe(expected)
  })

  it.each<[string, unknown, Doc, boolean]>([
    [
      '$box',
      [5, 5],
      {
        $box: [
          [0, 0],
          [5, 10],
        ],
      },
      true,
    ],
    [
      '$box with corners the other way',
      [5, 5],
      {
        $box: [
          [10, 10],
          [0, 0],
        ],
      },
      true,
    ],
    [
      '$box for GeoJSON points too',
      point(5, 5),
      {
        $box: [
          [0, 0],
          [10, 10],
        ],
      },
      true,
    ],
    ['$center', [3, 4], { $center: [[0, 0], 5] }, true],
    ['$center outside', [3, 4.1], { $center: [[0, 0], 5] }, false],
    [
      '$polygon',
      [2, 1],
      {
        $polygon: [
          [0, 0],
          [4, 0],
          [2, 4],
        ],
      },
      true,
    ],
    [
      '$polygon edge',
      [2, 0],
      {
        $polygon: [
          [0, 0],
          [4, 0],
          [2, 4],
        ],
      },
      true,
    ],
    [
      '$polygon outside',
      [0, 3],
      {
        $polygon: [
          [0, 0],
          [4, 0],
          [2, 4],
        ],
      },
      false,
    ],
    ['$centerSphere', point(0, 1), { $centerSphere: [[0, 0], 0.0175] }, true],
    ['$centerSphere outside', point(0, 1), { $centerSphere: [[0, 0], 0.0174] }, false],
    ['$centerSphere over the pole', point(180, 89), { $centerSphere: [[0, 89], 0.04] }, true],
    ['$centerSphere around a whole line', line([0, 0], [0, 5]), { $centerSphere: [[0, 0], 0.05] }, false],
  ])('%s', (_, loc, shape, expected) => {
    expect(matches(loc, { $geoWithin: shape })).toBe(expected)
    expect(matches(loc, { $within: shape })).toBe(expected)
  })
})

describe('$geoIntersects', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['the same point', point(1, 1), point(1, 1), true],
    ['another point', point(1, 1), point(1, 1.0001), false],
    ['a point on a line', point(5, 0), line([0, 0], [10, 0]), true],
    ['a point beside a line', point(5, 0.001), line([0, 0], [10, 0]), false],
    ['lines that cross', line([0, 0], [10, 10]), line([0, 10], [10, 0]), true],
    ['lines that touch', line([0, 0], [5, 5]), line([5, 5], [10, 0]), true],
    ['lines apart', line([0, 0], [1, 1]), line([5, 5], [6, 5]), false],
    ['lines on opposite sides of the globe', line([0, 0], [10, 10]), line([180, 10], [190 - 360, 0]), false],
    ['a line through a polygon', line([-5, 5], [15, 5]), square, true],
    ['a line within a polygon', line([4, 4], [6, 6]), square, true],
    ['a line within a hole', line([4, 5], [6, 5]), ring, false],
    ['polygons that overlap', polygon(box(5, 5, 15, 15)), square, true],
    ['a polygon within another', polygon(box(4, 4, 6, 6)), square, true],
    ['polygons that share an edge', polygon(box(10, 0, 20, 10)), square, true],
    ['polygons apart', polygon(box(11, 0, 20, 10)), square, false],
    ['a collection', { type: 'GeometryCollection', geometries: [point(50, 50), point(5, 5)] }, square, true],
  ])('%s', (_, loc, geometry, expected) => {
    expect(matches(loc, { $geoIntersects: { $geometry: geometry } })).toBe(expected)
    expect(matches(geometry, { $geoIntersects: { $geometry: loc } })).toBe(expected)
  })
})

describe('$near', () => {
  const near = (condition: Doc) => compileFilter({ loc: condition }, env).near
  const beijing = { loc: point(116.4, 39.9) }

  it('measures in metres on a sphere of 6378100 m', () => {
    const spec = near({ $near: { $geometry: point(121, 31) } })
    expect(spec).toMatchObject({ path: 'loc', index: '2dsphere' })
    expect(spec?.distance({ loc: point(121, 32) })).toBeCloseTo((Math.PI / 180) * 6378100, 3)
    expect(spec?.distance({ loc: point(121, 31) })).toBe(0)
    expect(spec?.distance({ loc: 'nowhere' })).toBeUndefined()
  })

  it('measures legacy pairs in their own units', () => {
    expect(near({ $near: [0, 0] })).toMatchObject({ index: '2d' })
    expect(near({ $near: [0, 0] })?.distance({ loc: [3, 4] })).toBe(5)
    expect(near({ $nearSphere: [0, 0] })?.distance({ loc: [0, 90] })).toBeCloseTo(Math.PI / 2)
    expect(near({ $near: [0, 0], $maxDistance: 4 })?.distance({ loc: [3, 4] })).toBeUndefined()
    expect(near({ $near: [0, 0, 4] })?.distance({ loc: [3, 4] })).toBeUndefined()
  })

  it('matches within its bounds, inclusive', () => {
    const spec = near({ $near: { $geometry: point(121, 31) } })
    const distance = spec?.distance(beijing) ?? 0
    const within = (bounds: Doc) =>
      compileFilter({ loc: { $near: { $geometry: point(121, 31), ...bounds } } }, env).matches(beijing)
    expect(within({ $maxDistance: distance, $minDistance: distance })).toBe(true)
    expect(within({ $maxDistance: distance - 1 })).toBe(false)
    expect(within({ $minDistance: distance + 1 })).toBe(false)
  })

  it('takes the nearest of several geometries', () => {
    const nearest = compileNearest('loc', parseNearPoint(point(0, 0)), 'metres')
    const far = point(10, 0)
    const close = point(1, 0)
    expect(nearest({ loc: [far, close] })?.location).toBe(close)
    expect(nearest({ loc: square })?.distance).toBe(0)
    expect(nearest({ loc: line([5, 5], [5, -5]) })?.distance).toBeCloseTo((5 * Math.PI * 6378100) / 180, 0)
    expect(nearest({})).toBeUndefined()
  })
})

describe('malformed', () => {
  it.each<[Doc, number, string]>([
    [{ $geoWithin: 5 }, 2, 'geometry must be an object'],
    [{ $geoWithin: {} }, 2, "geo query doesn't have any geometry"],
    [{ $geoWithin: { $foo: 1 } }, 2, 'unknown geo specifier: $foo: 1'],
    [{ $geoWithin: { $geometry: point(0, 0) } }, 2, '$within not supported with provided geometry'],
    [{ $geoWithin: { $geometry: point(0, 0), $box: [] } }, 2, "doesn't accept multiple shapes"],
    [
      {
        $geoWithin: {
          $geometry: polygon([
            [0, 0],
            [1, 1],
            [2, 0],
          ]),
        },
      },
      2,
      'Loop is not closed',
    ],
    [
      {
        $geoWithin: {
          $geometry: polygon([
            [0, 0],
            [1, 1],
            [0, 0],
          ]),
        },
      },
      2,
      'Loop must have at least 3 different vertices',
    ],
    [
      {
        $geoWithin: {
          $geometry: polygon([
            [0, 0],
            [10, 10],
            [10, 0],
            [0, 10],
            [0, 0],
          ]),
        },
      },
      2,
      'Edges 0 and 2 cross',
    ],
    [{ $geoWithin: { $geometry: polygon() } }, 2, 'Polygon has no loops.'],
    [{ $geoWithin: { $center: [[0, 0], -1] } }, 2, 'radius must be a non-negative number'],
    [
      { $geoIntersects: { $geometry: point(200, 0) } },
      2,
      'Longitude/latitude is out of bounds, lng: 200 lat: 0',
    ],
    [{ $geoIntersects: { $geometry: { type: 'Foo' } } }, 2, 'unknown GeoJSON type'],
    [
      {
        $geoIntersects: {
          $box: [
            [0, 0],
            [1, 1],
          ],
        },
      },
      2,
      '$geoIntersect not supported',
    ],
    [
      { $geoIntersects: { $geometry: point(0, 0) }, $exists: true },
      2,
      "can't parse extra field: $exists: true",
    ],
    [{ $near: { $geometry: square } }, 2, '$near requires a point'],
    [{ $near: { $maxDistance: 1 } }, 2, '$geometry is required for geo near query'],
    [{ $near: { $geometry: point(0, 0), $maxDistance: -1 } }, 2, '$maxDistance must be non-negative'],
    [{ $near: [0, 0], $maxDistance: 'x' }, 16895, '$maxDistance must be a number'],
    [{ $nearSphere: [500, 0] }, 2, 'Legacy point is out of bounds for spherical query'],
    [{ $exists: true, $near: [0, 0] }, 2, 'near must be first in'],
  ])('%j', (condition, code, text) => {
    expect(() => compileFilter({ loc: condition }, env)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    )
  })
})
