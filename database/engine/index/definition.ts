import { fail } from '../errors.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'

/** A checked index definition, as `listIndexes` shows it and the catalogue keeps it. */
export interface IndexDefinition {
  name: string
  key: Doc
  unique: boolean
  sparse: boolean
  partialFilterExpression?: Doc
  expireAfterSeconds?: number
  collation?: Doc
  hidden: boolean
  /** Options that are kept and shown but have no effect here (`weights`, `bits`, `2dsphereIndexVersion` …). */
  extra: Doc
}

export const ID_INDEX: IndexDefinition = Object.freeze({
  name: '_id_',
  key: Object.freeze({ _id: 1 }) as Doc,
  unique: true,
  sparse: false,
  hidden: false,
  extra: Object.freeze({}) as Doc,
})

/**
 * Reads one entry of `createIndexes.indexes`.
 * @throws DatabaseError 67, 72, 197, 14, 9 for definitions the server refuses
 */
export function parseIndexDefinition(spec: Doc): IndexDefinition {
  if (!isDocument(spec.key))
    fail(9, "Error in specification: the 'key' property of an index specification must be an object")
  checkKey(spec.key)
  const {
    key,
    name,
    unique,
    sparse,
    hidden,
    partialFilterExpression,
    expireAfterSeconds,
    collation,
    ...others
  } = spec
  const extra = Object.fromEntries(
    Object.entries(others).filter(([option]) => !FORGOTTEN_OPTIONS.has(option)),
  )
  for (const option of Object.keys(extra)) {
    if (!KEPT_OPTIONS.has(option)) {
      fail(
        197,
        `The field '${option}' is not valid for an index specification. Specification: ${JSON.stringify(spec)}`,
      )
    }
  }
  if (name !== undefined && typeof name !== 'string') {
    fail(14, `The field 'name' must be a string, but got ${bsonTypeName(name)}`)
  }
  if (name === '') fail(67, 'Error in specification: index name cannot be empty')
  if (name === '*') fail(2, "Error in specification: the index name '*' is not valid.")
  if (partialFilterExpression !== undefined && !isDocument(partialFilterExpression)) {
    fail(
      14,
      `The field 'partialFilterExpression' must be an object, but got ${bsonTypeName(partialFilterExpression)}`,
    )
  }
  const definition: IndexDefinition = {
    name: (name as string | undefined) ?? indexName(key as Doc),
    key: key as Doc,
    unique: truthy(unique),
    sparse: truthy(sparse),
    hidden: truthy(hidden),
    extra,
  }
  if (partialFilterExpression !== undefined) {
    if (definition.sparse)
      fail(67, 'Error in specification: cannot mix "partialFilterExpression" and "sparse" options')
    definition.partialFilterExpression = partialFilterExpression as Doc
  }
  if (expireAfterSeconds !== undefined)
    definition.expireAfterSeconds = checkExpiry(expireAfterSeconds, key as Doc)
  if (isDocument(collation) && collation.locale !== 'simple') definition.collation = collation
  if (isIdKey(definition.key)) checkIdIndex(definition)
  return definition
}

/** The name MongoDB gives an index without one: `a_1_b_-1`. */
export function indexName(key: Doc): string {
  return Object.entries(key)
    .map(([path, direction]) => `${path}_${direction}`)
    .join('_')
}

/** True when two definitions have the same key, in the same order. */
export function sameKey(a: Doc, b: Doc): boolean {
  return signature(a) === signature(b)
}

/** True when two definitions with the same key differ in nothing that matters, the name aside. */
export function sameOptions(a: IndexDefinition, b: IndexDefinition): boolean {
  return optionSignature(a) === optionSignature(b)
}

/** True when two definitions may exist side by side although their keys are equal: another collation or partial filter. */
export function distinguishable(a: IndexDefinition, b: IndexDefinition): boolean {
  return (
    JSON.stringify(a.collation ?? null) !== JSON.stringify(b.collation ?? null) ||
    JSON.stringify(a.partialFilterExpression ?? null) !== JSON.stringify(b.partialFilterExpression ?? null)
  )
}

/** What `listIndexes` shows. */
export function describeIndex(index: IndexDefinition): Doc {
  return {
    v: 2,
    key: index.key,
    name: index.name,
    ...(index.unique && index.name !== ID_INDEX.name ? { unique: true } : {}),
    ...(index.sparse ? { sparse: true } : {}),
    ...(index.hidden ? { hidden: true } : {}),
    ...(index.partialFilterExpression ? { partialFilterExpression: index.partialFilterExpression } : {}),
    ...(index.expireAfterSeconds !== undefined ? { expireAfterSeconds: index.expireAfterSeconds } : {}),
    ...(index.collation ? { collation: index.collation } : {}),
    ...index.extra,
  }
}

/** True for `{_id: 1}`. */
export function isIdKey(key: Doc): boolean {
  const names = Object.keys(key)
  return names.length === 1 && names[0] === '_id' && (key._id === 1 || key._id === -1)
}

/** The fields of a text index, `$**` for all of them; undefined for any other index. */
export function textFields(key: Doc): string[] | undefined {
  let fields: string[] | undefined
  for (const path in key) {
    if (key[path] !== 'text') continue
    fields ??= []
    fields.push(path)
  }
  return fields
}

/** True for keys that hold no ordered entries here: geo, text and wildcard indexes are declarations only (§13). */
export function isDeclarationOnly(key: Doc): boolean {
  return Object.entries(key).some(
    ([path, kind]) => (typeof kind === 'string' && kind !== 'hashed') || path.includes('$**'),
  )
}

// internals

const MAX_PARTS = 32
const PLUGINS: ReadonlySet<string> = new Set(['2d', '2dsphere', 'hashed', 'text'])
/** Options that mean nothing any more, or repeat what is known. */
const FORGOTTEN_OPTIONS: ReadonlySet<string> = new Set(['v', 'ns', 'background'])
const KEPT_OPTIONS: ReadonlySet<string> = new Set([
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'bucketSize',
  'storageEngine',
  'wildcardProjection',
  'dropDups',
  'clustered',
  'prepareUnique',
  'comment',
])

function checkKey(key: Doc): void {
  const parts = Object.entries(key)
  if (parts.length === 0) fail(67, 'Index keys cannot be empty.')
  if (parts.length > MAX_PARTS) fail(13103, `too many compound keys; at most ${MAX_PARTS} fields are allowed`)
  for (const [path, kind] of parts) {
    if (path === '' || path.startsWith('.') || path.endsWith('.') || path.includes('..')) {
      fail(67, 'Index keys cannot contain an empty field.')
    }
    if (path.startsWith('$') && !path.startsWith('$**') && path !== '$**') {
      fail(67, "Index key contains an illegal field name: field name starts with '$'.")
    }
    checkKind(kind, key)
  }
}

function checkKind(kind: unknown, key: Doc): void {
  if (typeof kind === 'string') {
    if (kind === '') fail(67, 'Values in the index key pattern cannot be empty strings')
    if (!PLUGINS.has(kind)) fail(67, `Unknown index plugin '${kind}'`)
    if (kind === 'hashed' && Object.values(key).filter((other) => other === 'hashed').length > 1) {
      fail(31303, 'A maximum of one index field is allowed to be hashed')
    }
    return
  }
  const type = bsonTypeName(kind)
  if (type !== 'int' && type !== 'double' && type !== 'long') {
    fail(
      67,
      `Values in v:2 index key pattern cannot be of type ${type}. Only numbers > 0, numbers < 0, and strings are allowed.`,
    )
  }
  const direction = Number(kind)
  if (direction === 0 || Number.isNaN(direction)) {
    fail(67, 'Values in the index key pattern cannot be 0.')
  }
}

function checkExpiry(value: unknown, key: Doc): number {
  const type = bsonTypeName(value)
  if (type !== 'int' && type !== 'double' && type !== 'long') {
    fail(14, `The field 'expireAfterSeconds' must be a number, but got ${type}`)
  }
  const seconds = Number(value)
  if (!(seconds >= 0 && seconds <= 2_147_483_647)) {
    fail(
      67,
      `TTL index 'expireAfterSeconds' option must be within an acceptable range, try a different number than ${seconds}`,
    )
  }
  if (Object.keys(key).length !== 1) {
    fail(
      67,
      'TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: ' +
        JSON.stringify(key),
    )
  }
  return Math.trunc(seconds)
}

function checkIdIndex(definition: IndexDefinition): void {
  const refused = definition.sparse
    ? 'sparse'
    : definition.partialFilterExpression
      ? 'partialFilterExpression'
      : undefined
  if (refused) fail(197, `The field '${refused}' is not valid for an _id index specification.`)
  if (definition.expireAfterSeconds !== undefined)
    fail(67, "The field 'expireAfterSeconds' is not valid for an _id index specification.")
  definition.name = ID_INDEX.name
  definition.unique = true
}

function truthy(value: unknown): boolean {
  return (
    value === true ||
    (typeof value !== 'boolean' && Number(value) !== 0 && value !== undefined && value !== null)
  )
}

function signature(key: Doc): string {
  return JSON.stringify(
    Object.entries(key).map(([path, kind]) => [path, typeof kind === 'string' ? kind : Number(kind)]),
  )
}

function optionSignature(index: IndexDefinition): string {
  const { unique, sparse, partialFilterExpression, expireAfterSeconds, collation } = index
  return JSON.stringify([
    unique,
    sparse,
    partialFilterExpression ?? null,
    expireAfterSeconds ?? null,
    collation ?? null,
  ])
}
