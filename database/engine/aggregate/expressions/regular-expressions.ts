import { DatabaseError } from '../../../command.ts'
import { fail } from '../../errors.ts'
import { translateRegex } from '../../match/regex.ts'
import { bsonTypeName, type Doc, regexParts } from '../../values/types.ts'
import { literalOf } from '../literals.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { checkDocument, compileMember, isNullish, requiredMember, typeOf } from './arguments.ts'

/** `$regexMatch`, `$regexFind`, `$regexFindAll`. */
export const REGULAR_EXPRESSIONS: Readonly<Record<string, Operator>> = {
  $regexFind: operator(null, (regex, input) => {
    const match = regex.exec(input)
    return match ? found(match, pointsBefore(input, match.index)) : null
  }),
  $regexFindAll: operator([], findAll),
  $regexMatch: operator(false, (regex, input) => regex.test(input)),
}

// internals

function operator(nothing: unknown, run: (regex: RegExp, input: string) => unknown): Operator {
  return (argument, scope, name) => {
    const doc = checkDocument(argument, {
      shape: [51103, (given) => `${name} expects an object of named arguments, but found ${typeOf(given)}`],
      unknown: [31024, (member) => `${name} found an unknown argument: ${member}`],
      required: {
        input: [31022, `${name} requires 'input' parameter`],
        regex: [31023, `${name} requires 'regex' parameter`],
      },
      optional: ['options'],
    })
    const input = requiredMember(doc, 'input', scope)
    const regex = compileRegex(doc, scope, name)
    return (frame) => {
      const text = input(frame)
      const pattern = regex(frame)
      if (isNullish(text) || pattern === null) return Array.isArray(nothing) ? [] : nothing
      if (typeof text !== 'string') return fail(51104, `${name} needs 'input' to be of type string`)
      return run(pattern as RegExp, text)
    }
  }
}

/** The pattern as an expression; translated once when it stands in the pipeline as a literal. */
function compileRegex(doc: Doc, scope: Scope, name: string): Expression {
  const pattern = literalOf(doc.regex)
  const options = Object.hasOwn(doc, 'options') ? literalOf(doc.options) : { value: undefined }
  if (pattern && options) {
    const regex = regexOf(pattern.value, options.value, name)
    return () => regex
  }
  const patternValue = requiredMember(doc, 'regex', scope)
  const optionsValue = compileMember(doc, 'options', scope)
  return (frame) => regexOf(patternValue(frame), optionsValue?.(frame), name)
}

function regexOf(pattern: unknown, options: unknown, name: string): RegExp | null {
  if (!isNullish(options) && typeof options !== 'string') {
    fail(51106, `${name} needs 'options' to be of type string`)
  }
  if (isNullish(pattern)) return null
  const given = isNullish(options) ? '' : String(options)
  if (typeof pattern === 'string') return translate(pattern, given, name)
  if (bsonTypeName(pattern) !== 'regex') {
    return fail(51105, `${name} needs 'regex' to be of type string or regex`)
  }
  const parts = regexParts(pattern)
  if (given !== '' && parts.options !== '') {
    fail(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`)
  }
  return translate(parts.pattern, given === '' ? parts.options : given, name)
}

function translate(pattern: string, options: string, name: string): RegExp {
  if (pattern.includes('\0')) fail(51109, `${name}: regular expression cannot contain an embedded null byte`)
  try {
    return translateRegex(pattern, options)
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 51091) {
      return fail(51111, `Invalid Regex in ${name}: ${error.message}`, { cause: error })
    }
    throw error
  }
}

function found(match: RegExpExecArray | RegExpMatchArray, idx: number): Doc {
  return { match: match[0], idx, captures: match.slice(1).map((capture) => capture ?? null) }
}

function findAll(regex: RegExp, input: string): unknown {
  const all: Doc[] = []
  // Places count code points; each match goes on counting where the last one stopped.
  let [unit, point] = [0, 0]
  let searchedFrom = 0
  for (const match of input.matchAll(new RegExp(regex.source, `${regex.flags}g`))) {
    // The server ends its search at the end of the text, so nothing empty is found there by a search of its own.
    if (searchedFrom >= input.length && all.length > 0) break
    point += pointsBefore(input.slice(unit), match.index - unit)
    unit = match.index
    all.push(found(match, point))
    searchedFrom = match.index + Math.max(match[0].length, 1)
  }
  return all
}

function pointsBefore(text: string, units: number): number {
  let points = 0
  for (let i = 0; i < units; points += 1) i += text.codePointAt(i)! > 0xffff ? 2 : 1
  return points
}
