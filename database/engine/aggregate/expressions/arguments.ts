import { fail } from '../../errors.ts'
import { type BsonTypeName, bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import type { Expression, Operator, Scope } from '../scope.ts'

/**
 * Argument rules shared by all operators: how many arguments, what a null or missing one does, and which members an
 * argument document has. An operator is one line in a table of its family and a function on plain values.
 */

/** `null`: a null or missing argument makes the result null without a call. `see`: the operator looks for itself. */
export type Nulls = 'null' | 'see'

/** One argument. */
export function unary(run: (value: unknown) => unknown, nulls: Nulls = 'null'): Operator {
  return (argument, scope, name) => {
    const [only] = compileArguments(argument, scope, name, 1, 1)
    const value = only!
    if (nulls === 'see') return (frame) => run(value(frame))
    return (frame) => {
      const given = value(frame)
      return isNullish(given) ? null : run(given)
    }
  }
}

/** Two arguments. */
export function binary(run: (a: unknown, b: unknown) => unknown, nulls: Nulls = 'null'): Operator {
  return (argument, scope, name) => {
    const [first, second] = compileArguments(argument, scope, name, 2, 2)
    const [left, right] = [first!, second!]
    if (nulls === 'see') return (frame) => run(left(frame), right(frame))
    return (frame) => {
      const [a, b] = [left(frame), right(frame)]
      return isNullish(a) || isNullish(b) ? null : run(a, b)
    }
  }
}

/** A range of arguments, or any number of them; `run` gets the values in order. */
export function variadic(
  least: number,
  most: number,
  run: (values: unknown[]) => unknown,
  nulls: Nulls = 'null',
): Operator {
  return (argument, scope, name) => {
    const expressions = compileArguments(argument, scope, name, least, most)
    return (frame) => {
      const values: unknown[] = []
      let empty = false
      for (const expression of expressions) {
        const value = expression(frame)
        empty ||= isNullish(value)
        values.push(value)
      }
      return empty && nulls === 'null' ? null : run(values)
    }
  }
}

/**
 * Any number of arguments, looked at one after the other: the first null or missing one ends the work, and so does,
 * before that, one that `check` refuses.
 */
export function nary(
  run: (values: unknown[]) => unknown,
  check: (value: unknown) => void = () => {},
): Operator {
  return (argument, scope, name) => {
    const expressions = compileArguments(argument, scope, name, 0, Number.POSITIVE_INFINITY)
    return (frame) => {
      const values: unknown[] = []
      for (const expression of expressions) {
        const value = expression(frame)
        if (isNullish(value)) return null
        check(value)
        values.push(value)
      }
      return run(values)
    }
  }
}

/** A range of arguments; where the first is null or missing the others are not even looked at. */
export function nullFirst(least: number, most: number, run: (values: unknown[]) => unknown): Operator {
  return (argument, scope, name) => {
    const [first, ...others] = compileArguments(argument, scope, name, least, most)
    return (frame) => {
      const value = first!(frame)
      return isNullish(value) ? null : run([value, ...others.map((expression) => expression(frame))])
    }
  }
}

/**
 * The argument expressions of an operator that takes a list; a lone argument may stand without its brackets.
 * @throws DatabaseError 16020 or 28667 for a wrong number
 */
export function compileArguments(
  argument: unknown,
  scope: Scope,
  name: string,
  least: number,
  most: number,
): Expression[] {
  const list = Array.isArray(argument) ? argument : [argument]
  const count = list.length
  if (least === most && count !== least) {
    fail(16020, `Expression ${name} takes exactly ${least} arguments. ${count} were passed in.`)
  }
  if (count < least || count > most) {
    fail(
      28667,
      most === Number.POSITIVE_INFINITY
        ? `Expression ${name} takes at least ${least} arguments, but ${count} were passed in.`
        : `Expression ${name} takes at least ${least} arguments, and at most ${most}, but ${count} were passed in.`,
    )
  }
  return list.map((item) => scope.compile(item))
}

/** Codes and texts for a malformed argument document of one operator. */
export interface DocumentRule {
  /** When the argument is no document. */
  shape: readonly [code: number, message: (argument: unknown) => string]
  /** When it has a member the operator does not know. */
  unknown: readonly [code: number, message: (member: string) => string]
  /** Required members, each with what to say when it is absent. */
  required: Readonly<Record<string, readonly [code: number, message: string]>>
  optional?: readonly string[]
}

/** Checks an argument document against its rule and gives it back. @throws DatabaseError as the rule says */
export function checkDocument(argument: unknown, rule: DocumentRule): Doc {
  if (!isDocument(argument)) return fail(rule.shape[0], rule.shape[1](argument))
  for (const member of Object.keys(argument)) {
    if (!Object.hasOwn(rule.required, member) && !rule.optional?.includes(member)) {
      fail(rule.unknown[0], rule.unknown[1](member))
    }
  }
  for (const [member, [code, message]] of Object.entries(rule.required)) {
    if (!Object.hasOwn(argument, member)) fail(code, message)
  }
  return argument
}

/** Compiles one member of an argument document, or undefined when it is absent. */
export function compileMember(doc: Doc, member: string, scope: Scope): Expression | undefined {
  return Object.hasOwn(doc, member) ? scope.compile(doc[member]) : undefined
}

/** Compiles a member that {@link checkDocument} has seen to be there. */
export function requiredMember(doc: Doc, member: string, scope: Scope): Expression {
  return scope.compile(doc[member])
}

export function isNullish(value: unknown): boolean {
  return value === null || value === MISSING || value === undefined
}

/** The type of a value as messages name it. */
export function typeOf(value: unknown): BsonTypeName {
  return bsonTypeName(value)
}
