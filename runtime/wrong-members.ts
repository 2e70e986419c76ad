/** What a schema found wrong, in words: which member, what it is, what is allowed. */
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

export interface WrongMember {
  /** From the top; of a member that is not known, its own name is the last one. */
  path: (string | number)[]
  /** `port is "x": a number is allowed`. */
  text: string
}

/**
 * @param whole what to call the value itself, such as `the body`
 * @param secret members whose values must not be shown. Default: none
 */
export function wrongMembers(
  issues: readonly Issue[],
  whole: string,
  secret: (path: readonly (string | number)[]) => boolean = () => false,
): WrongMember[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key],
        text: `${[...path, key].join('.')} is not known`,
      }))
    }
    const name = path.length > 0 ? path.join('.') : whole
    const value = path.length === 0 || secret(path) ? 'is wrong' : `is ${shown(issue.input)}`
    return [{ path, text: `${name} ${value}: ${allowed(issue)} is allowed` }]
  })
}

// internals

const kinds: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return issue.origin === 'string' ? 'a string that is not empty' : `${issue.minimum} or more`
    case 'too_big':
      return `${issue.maximum} or less`
    case 'invalid_union':
      return issue.errors.map((branch) => branch.map(allowed).join(', ')).join(' or ')
    case 'custom':
      return issue.message
    default:
      return issue.message
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
