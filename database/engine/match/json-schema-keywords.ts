import { fail } from '../errors.ts'
import { describeMember } from '../values/describe.ts'
import { isNumber, toSafeInteger } from '../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import type { Predicate } from './node.ts'

/** Reading keywords of a JSON schema, checked as the server checks them. */

/** Compiles a schema inside a schema. */
export type SchemaCompiler = (schema: Doc) => Predicate

interface KeywordTypes {
  string: string
  boolean: boolean
  number: unknown
  object: Doc
  /** A non-negative integer. */
  count: number
}

/**
 * The keyword's value, or undefined when the schema does not use it.
 * @throws code 14 for a wrong type, 9 for a count that is none
 */
export function keyword<K extends keyof KeywordTypes>(
  schema: Doc,
  name: string,
  type: K,
): KeywordTypes[K] | undefined {
  const value = schema[name]
  if (value === undefined) return undefined
  return CHECKS[type](value, name) as KeywordTypes[K]
}

/** The schemas of `allOf`, `anyOf`, `oneOf`. */
export function schemaList(schema: Doc, name: string, compile: SchemaCompiler): Predicate[] | undefined {
  const value = schema[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value)) {
    return fail(
      14,
      `$jsonSchema keyword '${name}' must be an array, but found an element of type ${bsonTypeName(value)}`,
    )
  }
  if (value.length === 0) fail(9, `$jsonSchema keyword '${name}' must be a non-empty array`)
  return value.map((element) =>
    isDocument(element)
      ? compile(element)
      : fail(
          14,
          `$jsonSchema keyword '${name}' must be an array of objects, but found an element of type ${bsonTypeName(element)}`,
        ),
  )
}

/** Non-empty array of different strings: `required`, and `dependencies` on fields. */
export function nameList(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) {
    return fail(
      14,
      `$jsonSchema keyword '${name}' must be an array, but found an element of type ${bsonTypeName(value)}`,
    )
  }
  if (value.length === 0) fail(9, `$jsonSchema keyword '${name}' cannot be an empty array`)
  for (const element of value) {
    if (typeof element !== 'string') {
      fail(
        14,
        `$jsonSchema keyword '${name}' must be an array of strings, but found an element of type: ${bsonTypeName(element)}`,
      )
    }
  }
  if (new Set(value).size !== value.length) {
    fail(9, `$jsonSchema keyword '${name}' array cannot contain duplicate values`)
  }
  return value as string[]
}

// internals

const CHECKS: { readonly [K in keyof KeywordTypes]: (value: unknown, name: string) => KeywordTypes[K] } = {
  string: (value, name) =>
    typeof value === 'string' ? value : fail(14, `$jsonSchema keyword '${name}' must be of type string`),
  boolean: (value, name) =>
    typeof value === 'boolean' ? value : fail(14, `$jsonSchema keyword '${name}' must be a boolean`),
  number: (value, name) =>
    isNumber(value) ? value : fail(14, `$jsonSchema keyword '${name}' must be a number`),
  object: (value, name) =>
    isDocument(value) ? value : fail(14, `$jsonSchema keyword '${name}' must be an object`),
  count: (value, name) => {
    if (!isNumber(value)) return fail(9, `Expected a number in: ${describeMember(name, value)}`)
    const count = toSafeInteger(value)
    if (count === undefined) return fail(9, `Expected an integer: ${describeMember(name, value)}`)
    return count >= 0 ? count : fail(9, `Expected a non-negative number in: ${describeMember(name, value)}`)
  },
}
