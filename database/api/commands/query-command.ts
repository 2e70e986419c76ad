/**
 * Query commands: `db.command.gt(1).lt(5)` and friends (spec/database.md §6.2). A command is an immutable tree;
 * `encode/condition.ts` turns it into a filter once it is known which field it stands for.
 */
import { invalidParam, invalidType } from '../errors.ts'
import { Geometry, MultiPolygon, Point, Polygon } from '../geo.ts'
import { commandTag } from '../snapshot.ts'

/** One node of a command tree. */
export type QueryNode =
  /** `operator` is MongoDB's; `value` is what the caller gave, not yet copied. */
  | { kind: 'compare'; operator: string; value: unknown }
  /** Operands are commands, constants or condition objects. */
  | { kind: 'logic'; operator: '$and' | '$or' | '$nor'; operands: readonly unknown[] }
  | { kind: 'not'; operand: unknown }

export interface GeoNearOptions {
  geometry: Point
  /** Metres, inclusive. */
  maxDistance?: number
  minDistance?: number
}

export interface GeoWithinOptions {
  geometry?: Polygon | MultiPolygon
  /** Centre and radius in radians (kilometres / 6378.1). */
  centerSphere?: [[number, number] | Point, number]
}

export class QueryCommand {
  /** Absent in the empty command that `db.command` starts from. */
  readonly node: QueryNode | undefined
  readonly [commandTag] = 'query'

  constructor(node?: QueryNode) {
    this.node = node
  }

  eq(value: unknown): QueryCommand {
    return this.#compare('$eq', value)
  }
  neq(value: unknown): QueryCommand {
    return this.#compare('$ne', value)
  }
  gt(value: unknown): QueryCommand {
    return this.#compare('$gt', value)
  }
  gte(value: unknown): QueryCommand {
    return this.#compare('$gte', value)
  }
  lt(value: unknown): QueryCommand {
    return this.#compare('$lt', value)
  }
  lte(value: unknown): QueryCommand {
    return this.#compare('$lte', value)
  }

  in(values: readonly unknown[]): QueryCommand {
    return this.#compare('$in', list('in', values))
  }
  nin(values: readonly unknown[]): QueryCommand {
    return this.#compare('$nin', list('nin', values))
  }
  /** Elements may be `elemMatch` commands. */
  all(values: readonly unknown[]): QueryCommand {
    return this.#compare('$all', list('all', values))
  }

  /** Without an argument: the field exists. */
  exists(exists: boolean = true): QueryCommand {
    return this.#compare('$exists', Boolean(exists))
  }

  /** `mod(divisor, remainder)` or `mod([divisor, remainder])`. */
  mod(divisor: number | readonly [number, number], remainder?: number): QueryCommand {
    const pair = Array.isArray(divisor) ? divisor : [divisor, remainder]
    if (pair.length !== 2 || !pair.every((part) => typeof part === 'number')) {
      throw invalidParam('mod needs a divisor and a remainder, both numbers')
    }
    return this.#compare('$mod', [...pair])
  }

  size(length: number): QueryCommand {
    if (!Number.isInteger(length) || length < 0) throw invalidParam('size must be integer and not negative')
    return this.#compare('$size', length)
  }

  /** @param condition an object that one element meets as a whole, or a command for elements that are scalars */
  elemMatch(condition: object): QueryCommand {
    if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
      throw invalidParam('elemMatch needs a condition object or a command')
    }
    return this.#compare('$elemMatch', condition)
  }

  geoNear(options: GeoNearOptions): QueryCommand {
    const { geometry, maxDistance, minDistance } = options ?? {}
    if (!(geometry instanceof Point)) {
      throw invalidType(`"geometry" must be of type Point. Received type ${typeof geometry}`)
    }
    checkDistance('maxDistance', maxDistance)
    checkDistance('minDistance', minDistance)
    return this.#compare('$nearSphere', {
      $geometry: geometry,
      $maxDistance: maxDistance,
      $minDistance: minDistance,
    })
  }

  geoWithin(options: GeoWithinOptions): QueryCommand {
    const { geometry, centerSphere } = options ?? {}
    if (centerSphere !== undefined) {
      return this.#compare('$geoWithin', { $centerSphere: sphere(centerSphere) })
    }
    if (!(geometry instanceof Polygon || geometry instanceof MultiPolygon)) {
      throw invalidType(
        `"geometry" must be of type Polygon or MultiPolygon. Received type ${typeof geometry}`,
      )
    }
    return this.#compare('$geoWithin', { $geometry: geometry })
  }

  geoIntersects(options: { geometry: Geometry }): QueryCommand {
    const geometry = options?.geometry
    if (!(geometry instanceof Geometry)) {
      throw invalidType(
        `"geometry" must be of type Point, LineString, Polygon, MultiPoint, MultiLineString or MultiPolygon. Received type ${typeof geometry}`,
      )
    }
    return this.#compare('$geoIntersects', { $geometry: geometry })
  }

  /** Commands, constants or condition objects: a list, or one array of them. */
  and(...operands: unknown[]): QueryCommand {
    return this.#with({ kind: 'logic', operator: '$and', operands: spread(operands) })
  }
  /** Unlike the others, joins what stands before it with what it is given: `lt(4).or(gt(6))`. */
  or(...operands: unknown[]): QueryCommand {
    const all = this.node ? [this, ...spread(operands)] : spread(operands)
    return new QueryCommand({ kind: 'logic', operator: '$or', operands: all })
  }
  nor(...operands: unknown[]): QueryCommand {
    return this.#with({ kind: 'logic', operator: '$nor', operands: spread(operands) })
  }
  /** @param operand a command, a logic command or a RegExp; on fields only */
  not(operand: unknown): QueryCommand {
    if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) {
      throw invalidParam('not needs a command or a RegExp')
    }
    return this.#with({ kind: 'not', operand })
  }

  #compare(operator: string, value: unknown): QueryCommand {
    return this.#with({ kind: 'compare', operator, value })
  }

  /** Everything chained but `or` means AND. */
  #with(node: QueryNode): QueryCommand {
    if (!this.node) return new QueryCommand(node)
    return new QueryCommand({ kind: 'logic', operator: '$and', operands: [this, new QueryCommand(node)] })
  }
}

// internals

function list(name: string, values: unknown): readonly unknown[] {
  if (!Array.isArray(values)) throw invalidParam(`${name} needs an array, not ${describe(values)}`)
  return values
}

function spread(operands: unknown[]): unknown[] {
  return operands.length === 1 && Array.isArray(operands[0]) ? [...operands[0]] : operands
}

function checkDistance(name: string, distance: unknown): void {
  if (distance === undefined || typeof distance === 'number') return
  throw invalidType(`"${name}" must be of type Number. Received type ${typeof distance}`)
}

function sphere(value: unknown): [unknown, number] {
  if (Array.isArray(value) && value.length === 2 && typeof value[1] === 'number') {
    const [center, radius] = value as [unknown, number]
    if (center instanceof Point) return [center.position, radius]
    // The Point checks the degrees.
    if (Array.isArray(center) && center.length === 2)
      return [new Point(center[0], center[1]).position, radius]
  }
  throw invalidParam('centersPhere结构不合法')
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value
}
