import { isNumber } from '../../../database/engine/values/numbers.ts'
import { bsonTypeName, isDocument } from '../../../database/engine/values/types.ts'
import type { Doc } from './spec-file.ts'

/** What special operators of an expectation ask for. */
export interface MatchContext {
  entity(name: string): unknown
  sessionId(name: string): Doc
}

/**
 * Compares a value with an expectation of the unified test format.
 * @param root true for documents that may have more members than expected
 * @throws Error that names the place
 */
export function match(
  expected: unknown,
  actual: unknown,
  context: MatchContext,
  root = true,
  path = '',
): void {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) mismatch(path, expected, actual)
    if (expected.length !== actual.length) mismatch(`${path}.length`, expected, actual)
    for (const [at, element] of expected.entries())
      match(element, actual[at], context, root, `${path}[${at}]`)
  } else if (isDocument(expected)) {
    matchDocument(expected, actual, context, root, path)
  } else {
    matchValue(expected, actual, path)
  }
}

// internals

function mismatch(path: string, expected: unknown, actual: unknown): never {
  throw new Error(`at ${path || 'the root'}: expected ${show(expected)}, got ${show(actual)}`)
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

function matchDocument(
  expected: Doc,
  actual: unknown,
  context: MatchContext,
  root: boolean,
  path: string,
): void {
  const [only = ''] = Object.keys(expected)
  if (only.startsWith('$$')) {
    matchSpecial(only, expected[only], actual, context, root, path)
    return
  }
  if (typeof actual !== 'object' || actual === null) mismatch(path, expected, actual)
  const members = actual as Doc
  for (const [name, value] of Object.entries(expected)) {
    match(value, members[name], context, false, `${path}.${name}`)
  }
  if (root) return
  for (const name of Object.keys(members)) {
    if (!(name in expected) && members[name] !== undefined)
      mismatch(`${path}.${name}`, undefined, members[name])
  }
}

function matchSpecial(
  operator: string,
  argument: unknown,
  actual: unknown,
  context: MatchContext,
  root: boolean,
  path: string,
): void {
  switch (operator) {
    case '$$exists':
      if ((actual !== undefined) !== argument) mismatch(path, { $$exists: argument }, actual)
      break
    case '$$unsetOrMatches':
      if (actual !== undefined && actual !== null) match(argument, actual, context, root, path)
      break
    case '$$type': {
      const types = Array.isArray(argument) ? argument : [argument]
      if (!types.includes(typeOf(actual)) && !(types.includes('number') && typeof actual === 'number')) {
        mismatch(path, { $$type: argument }, typeOf(actual))
      }
      break
    }
    case '$$matchesEntity':
      match(context.entity(String(argument)), actual, context, root, path)
      break
    case '$$sessionLsid':
      match(context.sessionId(String(argument)), actual, context, root, path)
      break
    default:
      throw new Error(`unknown operator ${operator}`)
  }
}

/** Numbers the driver has promoted no longer show their kind: a long may be in each of them. */
function typeOf(value: unknown): string {
  return typeof value === 'number' && Number.isInteger(value) ? 'int' : bsonTypeName(value)
}

function matchValue(expected: unknown, actual: unknown, path: string): void {
  if (isNumber(expected) && isNumber(actual)) {
    if (Number(expected) !== Number(actual)) mismatch(path, expected, actual)
  } else if (expected instanceof Date || expected instanceof RegExp) {
    if (show(expected) !== show(actual) || String(expected) !== String(actual))
      mismatch(path, expected, actual)
  } else if (typeof expected === 'object' && expected !== null) {
    if (String(expected) !== String(actual)) mismatch(path, expected, actual)
  } else if (expected !== actual) {
    mismatch(path, expected, actual)
  }
}
