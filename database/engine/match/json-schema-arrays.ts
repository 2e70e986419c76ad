import { fail } from '../errors.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { keyword, type SchemaCompiler } from './json-schema-keywords.ts'
import type { Predicate } from './node.ts'
import { unorderedKey } from './unordered.ts'

/** `items additionalItems minItems maxItems uniqueItems`. */
export function arrayKeywords(schema: Doc, compile: SchemaCompiler): Predicate[] {
  const tests: ((array: readonly unknown[]) => boolean)[] = []
  const most = keyword(schema, 'maxItems', 'count')
  const least = keyword(schema, 'minItems', 'count')
  if (most !== undefined) tests.push((array) => array.length <= most)
  if (least !== undefined) tests.push((array) => array.length >= least)
  if (keyword(schema, 'uniqueItems', 'boolean') === true) {
    tests.push((array) => new Set(array.map(unorderedKey)).size === array.length)
  }
  tests.push(...itemKeywords(schema, compile))
  return tests.map((test) => (value) => !Array.isArray(value) || test(value))
}

// internals

function itemKeywords(schema: Doc, compile: SchemaCompiler): ((array: readonly unknown[]) => boolean)[] {
  const { items } = schema
  const rest = additional(schema, compile)
  if (items === undefined) return []
  if (isDocument(items)) {
    const test = compile(items)
    return [(array) => array.every(test)]
  }
  if (!Array.isArray(items)) return fail(14, "$jsonSchema keyword 'items' must be an array or an object")
  const heads = items.map((item) =>
    isDocument(item)
      ? compile(item)
      : fail(14, "$jsonSchema keyword 'items' requires that each element of the array is an object"),
  )
  return [(array) => array.every((element, index) => (heads[index] ?? rest)(element))]
}

function additional(schema: Doc, compile: SchemaCompiler): Predicate {
  const value = schema.additionalItems
  if (value === undefined || typeof value === 'boolean') return () => value !== false
  return isDocument(value)
    ? compile(value)
    : fail(14, "$jsonSchema keyword 'additionalItems' must be either an object or a boolean")
}
