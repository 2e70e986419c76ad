import { fail } from '../errors.ts'
import { comparator, compareValues } from '../values/compare.ts'
import { MISSING } from '../values/types.ts'
import type { TextScores } from './text-scores.ts'
import { TimeZones } from './zones.ts'

/** What an expression sees while it runs. Expressions run to their end at once, so stages may reuse one frame. */
export interface Frame {
  /** The document in hand: `$$ROOT`, and `$$CURRENT` unless something has bound that name. */
  root: unknown
  /** Values of variables bound by `$let`, `$map`, `$filter`, `$reduce` …, by the slot they were given. */
  readonly locals: unknown[]
}

/** A compiled expression. MISSING is an answer like any other; `undefined` never is. */
export type Expression = (frame: Frame) => unknown | typeof MISSING

/** A frame for the expressions of one scope; set `root` to each document in turn. */
export function createFrame(root: unknown = MISSING): Frame {
  return { root, locals: [] }
}

/** Compiles an operator's argument; `name` is the operator as written, with its `$`. */
export type Operator = (argument: unknown, scope: Scope, name: string) => Expression

/** Values of outer variables. Read anew at every evaluation: `$lookup` changes them from document to document. */
export type Variables = Record<string, unknown>

export interface ScopeOptions {
  /** `$$NOW`. */
  now: Date
  /** Variables from outside (a command's or `$lookup`'s `let`), already evaluated. */
  let?: Variables | undefined
  collation?: unknown
  /** Zones, with what they know, to share among compilations. */
  zones?: TimeZones | undefined
  /** Scores of the documents of a pipeline that begins with `$text`. */
  scores?: TextScores | undefined
  /** Source of `$rand` and `$sample`, in [0, 1). Default `Math.random`. */
  random?: (() => number) | undefined
}

/** Where a variable's value is found. */
export type Binding = { slot: number } | { holder: Variables }

/** The names an expression may use, and what it needs to know while it is compiled. */
export class Scope {
  readonly options: ScopeOptions
  /** Order of values under the scope's collation. */
  readonly compare: (a: unknown, b: unknown) => number
  readonly zones: TimeZones
  readonly random: () => number
  readonly #compile: (expression: unknown, scope: Scope) => Expression
  readonly #locals: ReadonlyMap<string, number>
  readonly #depth: number

  constructor(
    options: ScopeOptions,
    compile: (expression: unknown, scope: Scope) => Expression,
    outer?: { locals: ReadonlyMap<string, number>; depth: number; zones: TimeZones },
  ) {
    this.options = options
    this.compare = options.collation === undefined ? compareValues : comparator(options.collation)
    this.zones = outer?.zones ?? options.zones ?? new TimeZones()
    this.random = options.random ?? Math.random
    this.#compile = compile
    this.#locals = outer?.locals ?? new Map()
    this.#depth = outer?.depth ?? 0
  }

  /** Compiles an expression that sees this scope's names. */
  compile(expression: unknown): Expression {
    return this.#compile(expression, this)
  }

  /** A scope with one more name; its values go into `frame.locals[slot]`. */
  bind(name: string): { scope: Scope; slot: number } {
    const slot = this.#depth
    const locals = new Map(this.#locals).set(name, slot)
    const scope = new Scope(this.options, this.#compile, { locals, depth: slot + 1, zones: this.zones })
    return { scope, slot }
  }

  /** A scope with the same outer world but without the names bound inside expressions, and with other variables. */
  withVariables(variables: Variables): Scope {
    return new Scope({ ...this.options, let: variables, zones: this.zones }, this.#compile)
  }

  /** The same scope for a pipeline with its own text scores, or none. */
  withScores(scores: TextScores | undefined): Scope {
    const outer = { locals: this.#locals, depth: this.#depth, zones: this.zones }
    return new Scope({ ...this.options, scores }, this.#compile, outer)
  }

  /** Where the variable is found, or undefined when there is none of that name. */
  lookUp(name: string): Binding | undefined {
    const slot = this.#locals.get(name)
    if (slot !== undefined) return { slot }
    // Variables of an outer pipeline are reached through the prototype chain of the inner one's.
    let holder: Variables | null = this.options.let ?? null
    while (holder !== null && holder !== Object.prototype) {
      if (Object.hasOwn(holder, name)) return { holder }
      holder = Object.getPrototypeOf(holder) as Variables | null
    }
    return undefined
  }
}

/**
 * Checks a name that a user gives to a variable.
 * @throws DatabaseError 16866 to 16868
 */
export function checkVariableName(name: string): void {
  if (name === '') fail(16866, 'empty variable names are not allowed')
  if (name === 'CURRENT') return
  const first = name.charCodeAt(0)
  if (!(name[0]! >= 'a' && name[0]! <= 'z') && first < 0x80) {
    fail(16867, `'${name}' starts with an invalid character for a user variable name`)
  }
  const bad = /[^A-Za-z0-9_\u0080-\uffff]/.exec(name)
  if (bad) fail(16868, `'${name}' contains an invalid character for a variable name: '${bad[0]}'`)
}
