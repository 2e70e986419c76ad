import type { Collection } from '../catalog.ts'
import { fail } from '../errors.ts'
import {
  describeIndex,
  distinguishable,
  ID_INDEX,
  type IndexDefinition,
  isIdKey,
  parseIndexDefinition,
  sameKey,
  sameOptions,
  textFields,
} from '../index/definition.ts'
import { duplicateKeyError } from '../index/duplicate-key.ts'
import { ListStream } from '../planner/streams.ts'
import { Transaction } from '../transactions/transaction.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, collectionToWrite, liveUnit } from './context.ts'
import { cursorReply } from './cursor-reply.ts'

const MAX_INDEXES = 64

/** `createIndexes` */
export function createIndexes(context: Context, command: Doc): Doc {
  const args = new Arguments('createIndexes', command)
  const name = args.collection(context.database)
  const specs = args.required('indexes', args.documents('indexes'))
  args.end('commitQuorum', 'ignoreUnknownIndexOptions', 'v')
  if (specs.length === 0) fail(2, 'Must specify at least one index to create')
  const definitions = specs.map(parseIndexDefinition)
  const created = context.unit.find(context.database, name) === undefined
  const collection = collectionToWrite(context, name)
  checkTransaction(context, collection)
  const before = collection.indexes
  const missing: IndexDefinition[] = []
  for (const definition of definitions) {
    if (!alreadyThere([...before, ...missing], inheriting(definition, collection)))
      missing.push(inheriting(definition, collection))
  }
  if (before.length + missing.length > MAX_INDEXES) {
    fail(
      67,
      `add index fails, too many indexes for ${collection.namespace} key:${JSON.stringify(missing.at(-1)?.key)}`,
    )
  }
  if (missing.length > 0) build(context, collection, missing)
  return {
    numIndexesBefore: created ? 0 : before.length,
    numIndexesAfter: collection.indexes.length,
    createdCollectionAutomatically: created,
    ...(missing.length === 0 ? { note: 'all indexes already exist' } : {}),
    ok: 1,
  }
}

/** `listIndexes` */
export function listIndexes(context: Context, command: Doc): Doc | Promise<Doc> {
  liveUnit(context, 'listIndexes')
  const args = new Arguments('listIndexes', command)
  const name = args.collection(context.database)
  const batchSize = new Arguments('cursor', args.document('cursor') ?? {}).count('batchSize')
  args.end('includeBuildUUIDs', 'includeIndexBuildInfo')
  const collection = context.unit.find(context.database, name)
  if (!collection) fail(26, `ns does not exist: ${context.database}.${name}`)
  const stream = new ListStream(collection.indexes.map(describeIndex))
  return cursorReply(context, stream, {
    namespace: collection.namespace,
    batchSize: batchSize ?? Number.POSITIVE_INFINITY,
  })
}

/** `dropIndexes` */
export function dropIndexes(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'dropIndexes')
  const args = new Arguments('dropIndexes' in command ? 'dropIndexes' : 'deleteIndexes', command)
  const name = args.collection(context.database)
  const which = args.required('index', args.value('index'))
  args.end()
  const collection = unit.find(context.database, name)
  if (!collection) fail(26, `ns not found ${context.database}.${name}`)
  unit.claim(collection)
  const before = collection.indexes
  const gone = new Set(selectIndexes(collection, which))
  const { data } = collection
  const live = data.snapshotIndexes()
  collection.indexes = before.filter((index) => !gone.has(index))
  for (const index of gone) data.removeIndex(index.name)
  unit.changed({ put: collection.entry() }, () => {
    collection.indexes = before
    data.restoreIndexes(live)
  })
  return { nIndexesWas: before.length, ok: 1 }
}

// internals

/** In a transaction indexes may only be built on collections that it has created itself, or that are empty. */
function checkTransaction(context: Context, collection: Collection): void {
  if (!(context.unit instanceof Transaction) || context.unit.createdHere(collection)) return
  fail(
    263,
    `Cannot create new indexes on existing collection ${collection.namespace} in a multi-document transaction.`,
  )
}

/** An index without a collation of its own takes its collection's. */
function inheriting(definition: IndexDefinition, collection: Collection): IndexDefinition {
  const { collation } = collection.options
  return definition.collation || !isDocument(collation) || isIdKey(definition.key)
    ? definition
    : { ...definition, collation }
}

/** @throws DatabaseError 85, 86 for an index that contradicts one that is there */
function alreadyThere(existing: readonly IndexDefinition[], wanted: IndexDefinition): boolean {
  if (isIdKey(wanted.key)) return true
  if (textFields(wanted.key)) checkSingleText(existing, wanted)
  for (const index of existing) {
    const key = sameKey(index.key, wanted.key)
    if (index.name === wanted.name) {
      if (key && sameOptions(index, wanted)) return true
      if (key && !distinguishable(index, wanted)) optionsConflict(index, wanted)
      fail(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${text(wanted)}, existing index: ${text(index)}`,
      )
    }
    if (!key || distinguishable(index, wanted)) continue
    if (sameOptions(index, wanted)) fail(85, `Index already exists with a different name: ${index.name}`)
    optionsConflict(index, wanted)
  }
  return false
}

function checkSingleText(existing: readonly IndexDefinition[], wanted: IndexDefinition): void {
  const other = existing.find((index) => textFields(index.key) && !sameKey(index.key, wanted.key))
  if (other) fail(67, `only one text index per collection allowed, found existing text index "${other.name}"`)
}

function optionsConflict(index: IndexDefinition, wanted: IndexDefinition): never {
  fail(
    85,
    `An equivalent index already exists with the same name but different options. Requested index: ${text(wanted)}, existing index: ${text(index)}`,
  )
}

function text(index: IndexDefinition): string {
  return JSON.stringify(describeIndex(index))
}

function build(context: Context, collection: Collection, definitions: readonly IndexDefinition[]): void {
  const { unit } = context
  const { data } = collection
  const before = collection.indexes
  const live = data.snapshotIndexes()
  const undo = () => {
    collection.indexes = before
    data.restoreIndexes(live)
  }
  if (!unit.inTransaction) liveUnit(context, 'createIndexes').claim(collection)
  try {
    for (const definition of definitions) {
      const conflict = data.addIndex(definition)
      if (conflict) throw duplicateKeyError(collection.namespace, conflict)
      if (Object.values(definition.key).includes('2dsphere')) requirePlaces(data, definition)
      collection.indexes = [...collection.indexes, definition]
    }
  } catch (error) {
    // A failed build leaves no index behind.
    undo()
    throw error
  }
  if (!unit.inTransaction) liveUnit(context, 'createIndexes').changed({ put: collection.entry() }, undo)
}

/** @throws DatabaseError 16755 for a document whose place cannot be read */
function requirePlaces(data: Collection['data'], { name }: IndexDefinition): void {
  const index = [...data.indexes].find((candidate) => candidate.name === name)
  for (const [, doc] of data.entries()) index?.requirePlaces(doc)
}

function selectIndexes(collection: Collection, which: unknown): IndexDefinition[] {
  if (which === '*') return collection.indexes.filter((index) => index.name !== ID_INDEX.name)
  if (Array.isArray(which)) return which.flatMap((name) => selectIndexes(collection, String(name)))
  if (isDocument(which)) {
    const index = collection.indexes.find((candidate) => sameKey(candidate.key, which))
    if (!index) fail(27, `can't find index with key: ${JSON.stringify(which)}`)
    return [notId(index)]
  }
  if (typeof which !== 'string')
    fail(14, "BSON field 'dropIndexes.index' is the wrong type, expected types '[string, object, array]'")
  const index = collection.indexes.find((candidate) => candidate.name === which)
  if (!index) fail(27, `index not found with name [${which}]`)
  return [notId(index)]
}

function notId(index: IndexDefinition): IndexDefinition {
  if (index.name === ID_INDEX.name) fail(72, 'cannot drop _id index')
  return index
}
