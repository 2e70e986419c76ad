/**
 * `db.Geo`: classes that stand for GeoJSON values (spec/database.md §11). What is stored and returned is `toJSON()`.
 */
import { invalidParam, invalidType } from './errors.ts'

type Position = [longitude: number, latitude: number]

/** A GeoJSON geometry as stored. */
export interface GeoJson {
  type: string
  coordinates: unknown[]
}

/** Common base, for telling geometries from other objects. */
export abstract class Geometry {
  abstract toJSON(): GeoJson
}

export class Point extends Geometry {
  readonly longitude: number
  readonly latitude: number

  /** @param longitude -180 to 180 @param latitude -90 to 90 */
  constructor(longitude: number, latitude: number) {
    super()
    checkDegree('longitude', longitude, 180)
    checkDegree('latitude', latitude, 90)
    this.longitude = longitude
    this.latitude = latitude
  }

  /** The bare pair, as inside larger geometries. */
  get position(): Position {
    return [this.longitude, this.latitude]
  }

  toJSON(): GeoJson {
    return { type: 'Point', coordinates: this.position }
  }
}

export class LineString extends Geometry {
  readonly points: readonly Point[]

  /** @param points two or more */
  constructor(points: readonly Point[]) {
    super()
    this.points = members(points, Point, 'points')
    if (points.length < 2) throw invalidParam('"points" must contain 2 points at least')
  }

  get positions(): Position[] {
    return this.points.map((point) => point.position)
  }

  toJSON(): GeoJson {
    return { type: 'LineString', coordinates: this.positions }
  }
}

export class Polygon extends Geometry {
  readonly lines: readonly LineString[]

  /** @param lines closed rings: the outer one, then holes */
  constructor(lines: readonly LineString[]) {
    super()
    this.lines = members(lines, LineString, 'lines')
    if (lines.length === 0) throw invalidParam('Polygon must contain 1 linestring at least')
    for (const line of lines) checkClosed(line)
  }

  get rings(): Position[][] {
    return this.lines.map((line) => line.positions)
  }

  toJSON(): GeoJson {
    return { type: 'Polygon', coordinates: this.rings }
  }
}

export class MultiPoint extends Geometry {
  readonly points: readonly Point[]

  constructor(points: readonly Point[]) {
    super()
    this.points = members(points, Point, 'points')
    if (points.length === 0) throw invalidParam('"points" must contain 1 point at least')
  }

  toJSON(): GeoJson {
    return { type: 'MultiPoint', coordinates: this.points.map((point) => point.position) }
  }
}

export class MultiLineString extends Geometry {
  readonly lines: readonly LineString[]

  constructor(lines: readonly LineString[]) {
    super()
    this.lines = members(lines, LineString, 'lines')
    if (lines.length === 0) throw invalidParam('MultiLineString must contain 1 linestring at least')
  }

  toJSON(): GeoJson {
    return { type: 'MultiLineString', coordinates: this.lines.map((line) => line.positions) }
  }
}

export class MultiPolygon extends Geometry {
  readonly polygons: readonly Polygon[]

  constructor(polygons: readonly Polygon[]) {
    super()
    this.polygons = members(polygons, Polygon, 'polygons')
    if (polygons.length === 0) throw invalidParam('MultiPolygon must contain 1 polygon at least')
  }

  toJSON(): GeoJson {
    return { type: 'MultiPolygon', coordinates: this.polygons.map((polygon) => polygon.rings) }
  }
}

/** The member `Geo` of `db`. */
export const Geo = { Point, LineString, Polygon, MultiPoint, MultiLineString, MultiPolygon } as const

// internals

function checkDegree(name: 'longitude' | 'latitude', degree: unknown, limit: number): void {
  if (typeof degree !== 'number' || Number.isNaN(degree)) throw invalidParam('Geo Point must be number type')
  if (Math.abs(degree) > limit) {
    throw invalidParam(`${name} should be a number ranges from -${limit} to ${limit}`)
  }
}

function members<T extends Geometry>(
  list: readonly T[],
  kind: new (...args: never[]) => T,
  name: string,
): readonly T[] {
  const wanted = `"${name}" must be of type ${kind.name}[]. Received type`
  if (!Array.isArray(list)) throw invalidType(`${wanted} ${typeof list}`)
  const stranger = list.findIndex((member) => !(member instanceof kind))
  if (stranger >= 0) throw invalidType(`${wanted} ${typeof list[stranger]}[]`)
  return [...list]
}

function checkClosed(line: LineString): void {
  const [first, last] = [line.points[0], line.points.at(-1)]
  if (first?.longitude === last?.longitude && first?.latitude === last?.latitude) return
  throw invalidParam(`LineString ${line.points.map((point) => `[${point.position}]`)} is not a closed cycle`)
}
