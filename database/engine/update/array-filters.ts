import { DatabaseError } from '../../command.ts'
import { databaseError, fail } from '../errors.ts'
import { compileFilter, type MatchEnv } from '../match/index.ts'
import { type Doc, isDocument } from '../values/types.ts'

/** Array filters by identifier: does an element belong to `$[identifier]`? */
export type ElementFilters = ReadonlyMap<string, (element: unknown) => boolean>

/**
 * Compiles `arrayFilters`. Each filter speaks of one identifier, which stands for the element.
 * @throws code 9 for filters without an identifier, with several, or twice the same; 2 for a bad identifier or filter
 */
export function compileArrayFilters(filters: readonly unknown[] | undefined, env: MatchEnv): ElementFilters {
  const compiled = new Map<string, (element: unknown) => boolean>()
  for (const filter of filters ?? []) {
    if (!isDocument(filter))
      return fail(14, "BSON field 'update.updates.arrayFilters' must be an array of objects")
    const { identifier, matches } = parseFilter(filter, env)
    if (compiled.has(identifier)) {
      fail(9, `Found multiple array filters with the same top-level field name ${identifier}`)
    }
    compiled.set(identifier, matches)
  }
  return compiled
}

// internals

function parseFilter(filter: Doc, env: MatchEnv) {
  try {
    const matcher = compileFilter(filter, env)
    const names = new Set<string>()
    collectIdentifiers(filter, names)
    const [identifier, second] = names
    if (identifier === undefined) {
      return fail(9, 'Cannot use an expression without a top-level field name in arrayFilters')
    }
    if (second !== undefined) {
      fail(9, `Expected a single top-level field name, found '${identifier}' and '${second}'`)
    }
    checkIdentifier(identifier)
    return { identifier, matches: (element: unknown) => matcher.matches({ [identifier]: element }) }
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.message.startsWith('Cannot use an expression')) throw error
    throw databaseError(error.code, `Error parsing array filter :: caused by :: ${error.message}`, {
      cause: error,
    })
  }
}

function collectIdentifiers(filter: Doc, names: Set<string>): void {
  for (const key of Object.keys(filter)) {
    const value = filter[key]
    if (!key.startsWith('$')) {
      names.add(key.split('.')[0] ?? key)
    } else if (key === '$and' || key === '$or' || key === '$nor') {
      for (const branch of value as Doc[]) collectIdentifiers(branch, names)
    } else if (key === '$expr') {
      fail(224, '$expr is not allowed in this context')
    } else if (key === '$where' || key === '$text') {
      fail(2, `${key} is not allowed in this context`)
    }
  }
}

function checkIdentifier(identifier: string): void {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(identifier)) {
    fail(
      2,
      `The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${identifier}'`,
    )
  }
}
