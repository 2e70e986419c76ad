import { fail } from '../errors.ts'
import { getOwn, hasOwn } from '../values/own.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { keyword, nameList, type SchemaCompiler } from './json-schema-keywords.ts'
import type { Predicate } from './node.ts'
import { translateRegex } from './regex.ts'

/** `properties patternProperties additionalProperties required minProperties maxProperties dependencies`. */
export function objectKeywords(schema: Doc, compile: SchemaCompiler): Predicate[] {
  const tests: ((doc: Doc) => boolean)[] = []
  const most = keyword(schema, 'maxProperties', 'count')
  const least = keyword(schema, 'minProperties', 'count')
  if (most !== undefined) tests.push((doc) => Object.keys(doc).length <= most)
  if (least !== undefined) tests.push((doc) => Object.keys(doc).length >= least)
  if (schema.required !== undefined) {
    const names = nameList(schema.required, 'required')
    tests.push((doc) => names.every((name) => hasOwn(doc, name)))
  }
  tests.push(...propertyKeywords(schema, compile), ...dependencies(schema, compile))
  return tests.map((test) => (value) => !isDocument(value) || test(value))
}

// internals

function propertyKeywords(schema: Doc, compile: SchemaCompiler): ((doc: Doc) => boolean)[] {
  const tests: ((doc: Doc) => boolean)[] = []
  const properties = schemaMap(schema, 'properties', compile)
  const patterns = schemaMap(schema, 'patternProperties', compile).map(([pattern, test]) => ({
    regex: translateRegex(pattern),
    test,
  }))
  for (const [name, test] of properties) tests.push((doc) => test(getOwn(doc, name)))
  if (patterns.length > 0) {
    tests.push((doc) =>
      Object.keys(doc).every((key) =>
        patterns.every(({ regex, test }) => !regex.test(key) || test(doc[key])),
      ),
    )
  }
  const others = additional(schema, compile)
  if (others !== undefined) {
    const known = new Set(properties.map(([name]) => name))
    const isOther = (key: string) => !known.has(key) && !patterns.some(({ regex }) => regex.test(key))
    tests.push((doc) => Object.keys(doc).every((key) => !isOther(key) || others(doc[key])))
  }
  return tests
}

function schemaMap(schema: Doc, name: string, compile: SchemaCompiler): [string, Predicate][] {
  const map = keyword(schema, name, 'object') ?? {}
  return Object.keys(map).map((key) => {
    const inner = map[key]
    if (!isDocument(inner))
      return fail(14, `Nested schema for $jsonSchema property '${key}' must be an object`)
    return [key, compile(inner)]
  })
}

function additional(schema: Doc, compile: SchemaCompiler): Predicate | undefined {
  const value = schema.additionalProperties
  if (value === undefined || value === true) return undefined
  if (value === false) return () => false
  return isDocument(value)
    ? compile(value)
    : fail(14, "$jsonSchema keyword 'additionalProperties' must be an object or a boolean")
}

function dependencies(schema: Doc, compile: SchemaCompiler): ((doc: Doc) => boolean)[] {
  const map = keyword(schema, 'dependencies', 'object') ?? {}
  return Object.keys(map).map((key) => {
    const needed = map[key]
    if (isDocument(needed)) {
      const test = compile(needed)
      return (doc) => !hasOwn(doc, key) || test(doc)
    }
    if (!Array.isArray(needed)) {
      return fail(14, `$jsonSchema keyword 'dependencies' must have an object or an array for '${key}'`)
    }
    const names = nameList(needed, 'dependencies')
    return (doc) => !hasOwn(doc, key) || names.every((name) => hasOwn(doc, name))
  })
}
