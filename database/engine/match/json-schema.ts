import { fail } from '../errors.ts'
import { describeValue } from '../values/describe.ts'
import { compareNumbers, isNumber, mod, toDecimal, toDouble } from '../values/numbers.ts'
import { bsonTypeName, type Doc, MISSING } from '../values/types.ts'
import { arrayKeywords } from './json-schema-arrays.ts'
import { keyword, type SchemaCompiler, schemaList } from './json-schema-keywords.ts'
import { objectKeywords } from './json-schema-objects.ts'
import type { Predicate } from './node.ts'
import { translateRegex } from './regex.ts'
import { typePredicate } from './types.ts'
import { unorderedKey } from './unordered.ts'

/**
 * `$jsonSchema`: draft 4 as MongoDB supports it, with `bsonType`. A keyword only concerns values of its own type; a
 * missing field satisfies everything but `required`.
 * @throws code 9 for unknown and malformed keywords, 14 for keywords of the wrong type, 2 for unknown types
 */
export function compileSchema(schema: Doc): Predicate {
  checkKeywords(schema)
  const tests = [
    ...typeKeywords(schema),
    ...numberKeywords(schema),
    ...stringKeywords(schema),
    ...arrayKeywords(schema, compileSchema),
    ...objectKeywords(schema, compileSchema),
    ...logicKeywords(schema, compileSchema),
  ]
  return (value) => value === MISSING || tests.every((test) => test(value))
}

// internals

const UNSUPPORTED = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id'])

const SUPPORTED = new Set([
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'bsonType',
  'dependencies',
  'description',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'items',
  'maximum',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minimum',
  'minItems',
  'minLength',
  'minProperties',
  'multipleOf',
  'not',
  'oneOf',
  'pattern',
  'patternProperties',
  'properties',
  'required',
  'title',
  'type',
  'uniqueItems',
])

function checkKeywords(schema: Doc): void {
  for (const name of Object.keys(schema)) {
    if (UNSUPPORTED.has(name)) fail(9, `$jsonSchema keyword '${name}' is not currently supported`)
    if (!SUPPORTED.has(name)) fail(9, `Unknown $jsonSchema keyword: ${name}`)
  }
  keyword(schema, 'title', 'string')
  keyword(schema, 'description', 'string')
}

const JSON_TYPES: Readonly<Record<string, string>> = {
  object: 'object',
  array: 'array',
  number: 'number',
  boolean: 'bool',
  string: 'string',
  null: 'null',
}

function typeKeywords(schema: Doc): Predicate[] {
  const { type, bsonType } = schema
  if (type !== undefined && bsonType !== undefined) {
    fail(9, "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'")
  }
  if (type !== undefined) return [typePredicate(typeList(type, 'type').map(jsonType), 'type')]
  if (bsonType !== undefined) return [typePredicate(typeList(bsonType, 'bsonType'), 'bsonType')]
  return []
}

function typeList(value: unknown, name: string): string[] {
  const names = Array.isArray(value) ? value : [value]
  if (names.length === 0) fail(9, `$jsonSchema keyword '${name}' must name at least one type`)
  if (names.some((each) => typeof each !== 'string')) {
    fail(14, `$jsonSchema keyword '${name}' must be either a string or an array of strings`)
  }
  if (new Set(names).size !== names.length) {
    fail(9, `$jsonSchema keyword '${name}' has duplicate value: ${describeValue(names)}`)
  }
  return names as string[]
}

function jsonType(name: string): string {
  if (name === 'integer') fail(9, "$jsonSchema type 'integer' is not currently supported.")
  return JSON_TYPES[name] ?? fail(2, `Unknown type name alias: ${name}`)
}

function numberKeywords(schema: Doc): Predicate[] {
  const tests: Predicate[] = [...bound(schema, 'maximum', 1), ...bound(schema, 'minimum', -1)]
  const divisor = keyword(schema, 'multipleOf', 'number')
  if (divisor !== undefined) {
    if (!(toDouble(divisor) > 0)) fail(9, "$jsonSchema keyword 'multipleOf' must have a positive value")
    const unit = toDecimal(divisor)
    tests.push((value) => !isNumber(value) || toDouble(mod(toDecimal(value), unit)) === 0)
  }
  return tests
}

/** @param side 1 for an upper bound, −1 for a lower one */
function bound(schema: Doc, name: 'maximum' | 'minimum', side: 1 | -1): Predicate[] {
  const exclusiveName = side === 1 ? 'exclusiveMaximum' : 'exclusiveMinimum'
  const limit = keyword(schema, name, 'number')
  const exclusive = keyword(schema, exclusiveName, 'boolean')
  if (limit === undefined) {
    return exclusive === undefined
      ? []
      : fail(9, `$jsonSchema keyword '${name}' must be a present if ${exclusiveName} is present`)
  }
  return [
    (value) => {
      if (!isNumber(value)) return true
      const order = compareNumbers(value, limit) * side
      return !Number.isNaN(toDouble(value)) && (exclusive === true ? order < 0 : order <= 0)
    },
  ]
}

function stringKeywords(schema: Doc): Predicate[] {
  const tests: Predicate[] = []
  const most = keyword(schema, 'maxLength', 'count')
  const least = keyword(schema, 'minLength', 'count')
  const pattern = keyword(schema, 'pattern', 'string')
  if (most !== undefined) tests.push(onStrings((text) => codePoints(text) <= most))
  if (least !== undefined) tests.push(onStrings((text) => codePoints(text) >= least))
  if (pattern !== undefined) {
    const regex = translateRegex(pattern)
    tests.push(onStrings((text) => regex.test(text)))
  }
  return tests
}

function onStrings(test: (text: string) => boolean): Predicate {
  return (value) => typeof value !== 'string' || test(value)
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function logicKeywords(schema: Doc, compile: SchemaCompiler): Predicate[] {
  const tests: Predicate[] = []
  const { enum: values } = schema
  if (values !== undefined) tests.push(enumeration(values))
  const all = schemaList(schema, 'allOf', compile)
  const any = schemaList(schema, 'anyOf', compile)
  const one = schemaList(schema, 'oneOf', compile)
  if (all) tests.push((value) => all.every((test) => test(value)))
  if (any) tests.push((value) => any.some((test) => test(value)))
  if (one) tests.push((value) => one.filter((test) => test(value)).length === 1)
  const not = keyword(schema, 'not', 'object')
  if (not !== undefined) {
    const test = compile(not)
    tests.push((value) => !test(value))
  }
  return tests
}

function enumeration(values: unknown): Predicate {
  if (!Array.isArray(values)) {
    return fail(
      14,
      `$jsonSchema keyword 'enum' must be an array, but found an element of type ${bsonTypeName(values)}`,
    )
  }
  if (values.length === 0) fail(9, "$jsonSchema keyword 'enum' cannot be an empty array")
  const keys = new Set(values.map(unorderedKey))
  if (keys.size !== values.length)
    fail(9, "$jsonSchema keyword 'enum' array cannot contain duplicate values.")
  return (value) => keys.has(unorderedKey(value))
}
