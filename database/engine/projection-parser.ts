import { DatabaseError } from '../command.ts'
import { createScope, type Expression, type Frame, type Scope } from './aggregate/expression.ts'
import { OPERATORS } from './aggregate/expressions/operators.ts'
import { parseFieldPath } from './aggregate/field-path.ts'
import { insertNode, type ProjectionNode, type ProjectionTree } from './aggregate/stages/projection-tree.ts'
import { databaseError, fail } from './errors.ts'
import { compileElemMatchCondition, type MatchEnv } from './match/index.ts'
import { describeMember, describeValue } from './values/describe.ts'
import { isNumber, toDouble } from './values/numbers.ts'
import { getOwn } from './values/own.ts'
import { isTruthy } from './values/truth.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from './values/types.ts'

/** What a projection is compiled against. */
export interface ProjectionEnv extends MatchEnv {
  /** The query's filter; with it a positional projection is checked against it at once (error 31277). */
  filter?: Doc | undefined
  /** Metadata of a document, for `{$meta: 'textScore'}`. */
  meta?: ((name: string, doc: Doc) => unknown) | undefined
}

/** A `$slice` of a find projection. */
export interface Slice {
  readonly path: readonly string[]
  readonly skip?: number
  /** Negative without `skip`: that many from the end. */
  readonly limit: number
}

/** A projection, read and checked. */
export interface FindProjection {
  readonly inclusion: boolean
  readonly tree: ProjectionTree
  readonly slices: readonly Slice[]
  /** Path of the `path.$` projection. */
  readonly positional?: readonly string[]
}

/** @throws the locations 31249 to 31325 and 51270 for whatever is malformed or does not go together */
export function parseFindProjection(spec: Doc, env: ProjectionEnv): FindProjection {
  return new Parser(env).run(spec)
}

// internals

class Parser {
  private readonly env: ProjectionEnv
  private readonly scope: Scope
  private readonly tree: ProjectionTree = new Map()
  private readonly slices: Slice[] = []
  private positional: readonly string[] | undefined
  private kind: 'inclusion' | 'exclusion' | undefined
  private idNamed = false
  private idIncluded = false
  private hasElemMatch = false

  constructor(env: ProjectionEnv) {
    this.env = env
    this.scope = createScope({ now: env.now, let: env.let, collation: env.collation, random: env.random })
  }

  run(spec: Doc): FindProjection {
    for (const name of Object.keys(spec)) {
      if (name === '_id' || name.startsWith('_id.')) this.idNamed = true
      this.element(name, spec[name], [])
    }
    const inclusion = (this.kind ?? this.defaultKind()) === 'inclusion'
    if (inclusion && !this.idNamed) this.tree.set('_id', 'keep')
    if (!inclusion && this.idIncluded) this.tree.delete('_id')
    return {
      inclusion,
      tree: this.tree,
      slices: this.slices,
      ...(this.positional ? { positional: this.positional } : {}),
    }
  }

  /** What a projection is that names nothing but `_id`, slices and metadata. */
  private defaultKind(): 'inclusion' | 'exclusion' {
    if (this.slices.length > 0) return this.idIncluded ? 'inclusion' : 'exclusion'
    if (this.hasElemMatch || this.idIncluded) return 'inclusion'
    return 'exclusion'
  }

  private element(name: string, value: unknown, parent: readonly string[]): void {
    const positional = /\.\$(?:\.|$)|^\$$/.exec(name)
    if (isDocument(value)) {
      if (positional) fail(31271, 'positional projection cannot be used with an expression or sub object')
      this.subDocument(name, value, parent)
    } else if (typeof value === 'boolean' || isNumber(value)) {
      if (isTruthy(value)) this.include(name, parent, positional)
      else this.exclude(name, parent)
    } else {
      if (positional) fail(31308, 'positional projection cannot be used with a literal')
      this.literal(name, value, parent)
    }
  }

  private include(name: string, parent: readonly string[], positional: RegExpExecArray | null): void {
    const isId = name === '_id' && parent.length === 0
    if (positional) this.includePositional(name, parent, positional)
    else this.add([...parent, ...parseFieldPath(name)], 'keep')
    if (isId) {
      this.idIncluded = true
      return
    }
    if (this.kind === 'exclusion') fail(31253, `Cannot do inclusion on field ${name} in exclusion projection`)
    this.kind = 'inclusion'
  }

  private includePositional(name: string, parent: readonly string[], found: RegExpExecArray): void {
    if (this.positional) fail(31276, 'Cannot specify more than one positional projection per query.')
    if (this.hasElemMatch) fail(31256, 'Cannot specify positional operator and $elemMatch.')
    const field = parent[0] ?? name.split('.')[0] ?? name
    if (this.env.filter && !mentions(this.env.filter, field)) {
      fail(31277, `Positional projection '${name}' does not match the query document.`)
    }
    if (name.endsWith('.$.')) fail(31270, "Path cannot end with '.$.'")
    const rest = name.slice(found.index + found[0].length)
    if (rest === '$' || /\.\$(?:\.|$)/.test(rest))
      fail(31287, `Cannot use positional operator twice: ${name}`)
    const path = [...parent, ...parseFieldPath(name.slice(0, found.index))]
    this.add(path, 'keep')
    this.positional = path
  }

  private exclude(name: string, parent: readonly string[]): void {
    this.add([...parent, ...parseFieldPath(name)], 'drop')
    if (name === '_id' && parent.length === 0) return
    if (this.kind === 'inclusion') fail(31254, `Cannot do exclusion on field ${name} in inclusion projection`)
    this.kind = 'exclusion'
  }

  private literal(name: string, value: unknown, parent: readonly string[]): void {
    this.add([...parent, ...parseFieldPath(name)], { compute: this.scope.compile(value) })
    if (this.kind === 'exclusion') {
      fail(31310, `Cannot use an expression ${describeMember(name, value)} in an exclusion projection`)
    }
    this.kind = 'inclusion'
  }

  private subDocument(name: string, value: Doc, parent: readonly string[]): void {
    const path = [...parent, ...parseFieldPath(name)]
    const names = Object.keys(value)
    const [operator] = names
    if (operator === undefined) {
      fail(
        51270,
        `An empty sub-projection is not a valid value. Found empty object at path ${path.join('.')}`,
      )
    } else if (names.length === 1 && operator.startsWith('$')) {
      if (this.operator(path, operator, value)) return
      fail(31325, `Unknown expression ${operator}`)
    }
    for (const inner of names) this.element(inner, value[inner], path)
  }

  private operator(path: readonly string[], operator: string, value: Doc): boolean {
    const operand = value[operator]
    if (operator === '$slice') return this.slice(path, value)
    if (operator === '$elemMatch') return this.elemMatch(path, operand)
    return this.expression(path, operator, value)
  }

  /** The find form of `$slice`, or the expression of the same name. */
  private slice(path: readonly string[], value: Doc): boolean {
    const parsed = parseSlice(path, value.$slice)
    if (!('reason' in parsed)) {
      // In an inclusion the sliced field is one of the included; an exclusion keeps it anyway.
      this.add(path, 'keep')
      this.slices.push(parsed)
      return true
    }
    try {
      return this.expression(path, '$slice', value)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      throw databaseError(
        error.code,
        `Invalid $slice syntax. The given syntax ${describeValue(value)} did not match the find() syntax because :: Location${parsed.code}: ${parsed.reason} :: The given syntax did not match the expression $slice syntax. :: caused by :: ${error.message}`,
        { cause: error },
      )
    }
  }

  private elemMatch(path: readonly string[], operand: unknown): boolean {
    if (!isDocument(operand)) {
      return fail(31274, `elemMatch: Invalid argument, object required, but got ${bsonTypeName(operand)}`)
    }
    if (this.positional) fail(31255, 'Cannot specify positional operator and $elemMatch.')
    const [name = ''] = path
    if (path.length > 1) fail(31275, 'Cannot use $elemMatch projection on a nested field.')
    const matches = compileElemMatchCondition(name, operand, this.env)
    this.hasElemMatch = true
    this.add(path, { compute: ({ root }) => firstMatch(root, name, matches) })
    return true
  }

  private expression(path: readonly string[], operator: string, value: Doc): boolean {
    if (!OPERATORS.has(operator)) return false
    const isMeta = operator === '$meta'
    if (!isMeta) {
      if (this.kind === 'exclusion')
        fail(31252, 'Cannot use expression other than $meta in exclusion projection')
      this.kind = 'inclusion'
    }
    this.add(path, { compute: isMeta ? this.meta(value) : this.scope.compile(value) })
    return true
  }

  private meta(value: Doc): Expression {
    const { meta } = this.env
    const { $meta: name } = value
    if (!meta || typeof name !== 'string') return this.scope.compile(value)
    return ({ root }: Frame) => meta(name, root as Doc) ?? MISSING
  }

  private add(path: readonly string[], node: ProjectionNode): void {
    insertNode(this.tree, path, node)
  }
}

function parseSlice(path: readonly string[], operand: unknown): Slice | { code: number; reason: string } {
  if (isNumber(operand)) return { path, limit: wholeNumber(operand) }
  if (!Array.isArray(operand)) {
    return { code: 31273, reason: '$slice only supports numbers and [skip, limit] arrays' }
  }
  if (operand.length !== 2) {
    return { code: 31272, reason: '$slice array argument should be of form [skip, limit]' }
  }
  const [skip, limit] = operand
  if (!isNumber(skip)) {
    return {
      code: 31257,
      reason: `$slice expects the skip argument to be a number, got ${bsonTypeName(skip)}`,
    }
  }
  if (!isNumber(limit)) {
    return {
      code: 31258,
      reason: `$slice expects the limit argument to be a number, got ${bsonTypeName(limit)}`,
    }
  }
  if (wholeNumber(limit) <= 0) {
    return { code: 31259, reason: `$slice limit must be positive, got ${wholeNumber(limit)}` }
  }
  return { path, skip: wholeNumber(skip), limit: wholeNumber(limit) }
}

function wholeNumber(value: unknown): number {
  const double = Math.trunc(toDouble(value))
  return Number.isNaN(double) ? 0 : double
}

function firstMatch(root: unknown, name: string, matches: (element: unknown) => boolean): unknown {
  const value = isDocument(root) ? getOwn(root, name) : MISSING
  if (!Array.isArray(value)) return MISSING
  const index = value.findIndex(matches)
  return index < 0 ? MISSING : [value[index]]
}

/** True when the filter has a condition on the field or below it. */
function mentions(filter: Doc, field: string): boolean {
  return Object.keys(filter).some((name) => {
    const value = filter[name]
    if (!name.startsWith('$')) return name.split('.')[0] === field
    return Array.isArray(value) && value.some((branch) => isDocument(branch) && mentions(branch, field))
  })
}
