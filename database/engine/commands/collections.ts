import { Binary } from 'bson'
import { type Collection, checkDatabase, checkNamespace } from '../catalog.ts'
import { fail } from '../errors.ts'
import { describeIndex, ID_INDEX } from '../index/definition.ts'
import { compileFilter } from '../match/index.ts'
import { ListStream } from '../planner/streams.ts'
import type { LiveUnit } from '../transactions/live-unit.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, liveUnit } from './context.ts'
import { cursorReply } from './cursor-reply.ts'
import { checkValidatorDefinition } from './validation.ts'

/** `create` */
export function create(context: Context, command: Doc): Doc {
  const args = new Arguments('create', command)
  const name = args.collection(context.database)
  const options = readOptions(args)
  for (const refused of [
    'viewOn',
    'pipeline',
    'timeseries',
    'clusteredIndex',
    'encryptedFields',
    'storageEngine',
  ]) {
    if (args.value(refused) === undefined) continue
    fail(
      115,
      `create: '${refused}' is not available in the embedded database; use a real server through a mongodb:// URI`,
    )
  }
  args.end(
    'autoIndexId',
    'idIndex',
    'flags',
    'indexOptionDefaults',
    'temp',
    'changeStreamPreAndPostImages',
    'expireAfterSeconds',
    'recordPreImages',
  )
  if (context.unit.find(context.database, name))
    fail(48, `Collection ${context.database}.${name} already exists.`)
  context.unit.create(context.database, name, options)
  return { ok: 1 }
}

/** `drop` */
export function drop(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'drop')
  const args = new Arguments('drop', command)
  const name = args.collection(context.database)
  args.end()
  const collection = unit.find(context.database, name)
  // Since 7.0 dropping what is not there succeeds.
  if (!collection) return { ok: 1 }
  const nIndexesWas = collection.indexes.length
  dropCollection(context, unit, collection)
  return { nIndexesWas, ns: `${context.database}.${name}`, ok: 1 }
}

/** `dropDatabase` */
export function dropDatabase(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'dropDatabase')
  new Arguments('dropDatabase', command).value('dropDatabase')
  checkDatabase(context.database)
  const collections = context.state.catalog.collections(context.database)
  for (const collection of collections) dropCollection(context, unit, collection)
  return collections.length === 0 ? { ok: 1 } : { dropped: context.database, ok: 1 }
}

/** `renameCollection` */
export function renameCollection(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'renameCollection')
  const args = new Arguments('renameCollection', command)
  const from = splitNamespace(args.required('renameCollection', args.string('renameCollection')))
  const to = splitNamespace(args.required('to', args.string('to')))
  const dropTarget = args.boolean('dropTarget')
  args.end('stayTemp')
  if (context.database !== 'admin') fail(13, 'renameCollection may only be run against the admin database.')
  const { catalog } = context.state
  const source = unit.find(from.database, from.name)
  if (!source) fail(26, `Source collection ${from.database}.${from.name} does not exist`)
  if (from.database === to.database && from.name === to.name) fail(20, "Can't rename a collection to itself")
  const target = unit.find(to.database, to.name)
  if (target && !dropTarget) fail(48, 'target namespace exists')
  unit.claim(source)
  if (target) dropCollection(context, unit, target)
  const place = (database: string, name: string) => {
    catalog.remove(source)
    source.database = database
    source.name = name
    catalog.add(source)
  }
  place(to.database, to.name)
  unit.changed({ put: source.entry() }, () => place(from.database, from.name))
  context.state.cursors.killWhere((cursor) => cursor.namespace === `${from.database}.${from.name}`)
  return { ok: 1 }
}

/** `listCollections` */
export function listCollections(context: Context, command: Doc): Doc | Promise<Doc> {
  liveUnit(context, 'listCollections')
  const args = new Arguments('listCollections', command)
  args.value('listCollections')
  const filter = args.document('filter')
  const nameOnly = args.boolean('nameOnly')
  const batchSize = new Arguments('cursor', args.document('cursor') ?? {}).count('batchSize')
  args.end('authorizedCollections')
  checkDatabase(context.database)
  const matcher = filter ? compileFilter(filter, { now: context.now }) : undefined
  const described = context.state.catalog
    .collections(context.database)
    .map(describe)
    .filter((entry) => !matcher || matcher.matches(entry))
  const shown = nameOnly ? described.map(({ name, type }) => ({ name, type })) : described
  const namespace = `${context.database}.$cmd.listCollections`
  return cursorReply(context, new ListStream(shown), {
    namespace,
    batchSize: batchSize ?? Number.POSITIVE_INFINITY,
  })
}

/** `listDatabases` */
export function listDatabases(context: Context, command: Doc): Doc {
  const args = new Arguments('listDatabases', command)
  args.value('listDatabases')
  const filter = args.document('filter')
  const nameOnly = args.boolean('nameOnly')
  args.end('authorizedDatabases')
  const { catalog } = context.state
  const matcher = filter ? compileFilter(filter, { now: context.now }) : undefined
  const databases: Doc[] = catalog
    .databases()
    .map((name) => ({ name, sizeOnDisk: sizeOnDisk(context, name), empty: false }))
    .filter((entry) => !matcher || matcher.matches(entry))
  if (nameOnly) return { databases: databases.map(({ name }) => ({ name })), ok: 1 }
  const totalSize = databases.reduce((sum, entry) => sum + Number(entry.sizeOnDisk), 0)
  return { databases, totalSize, totalSizeMb: Math.round(totalSize / 1048576), ok: 1 }
}

/** `collMod` */
export function collMod(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'collMod')
  const args = new Arguments('collMod', command)
  const name = args.collection(context.database)
  const index = args.document('index')
  const changes = readOptions(args)
  args.end('changeStreamPreAndPostImages', 'expireAfterSeconds')
  const collection = unit.find(context.database, name)
  if (!collection) fail(26, `ns does not exist: ${context.database}.${name}`)
  unit.claim(collection)
  const { options, indexes } = collection
  const reply: Doc = index ? modifyIndex(collection, index) : {}
  if (Object.keys(changes).length > 0) collection.options = withoutEmptyValidator({ ...options, ...changes })
  unit.changed({ put: collection.entry() }, () => {
    collection.options = options
    restoreIndexes(collection, indexes)
  })
  return { ...reply, ok: 1 }
}

/** Drops a collection, its cursors with it. */
export function dropCollection(context: Context, unit: LiveUnit, collection: Collection): void {
  const { catalog, cursors } = context.state
  unit.claim(collection)
  catalog.remove(collection)
  cursors.killWhere((cursor) => cursor.namespace === collection.namespace)
  unit.changed({ drop: collection.entry() }, () => catalog.add(collection))
}

// internals

/** Options of `create` and `collMod` that are kept. Capped collections are accepted and grow like any other (§13). */
function readOptions(args: Arguments): Doc {
  const options: Doc = {}
  for (const name of ['capped', 'size', 'max']) if (args.has(name)) options[name] = args.value(name)
  const validator = args.document('validator')
  if (validator) {
    checkValidatorDefinition(validator)
    options.validator = validator
  }
  const level = args.string('validationLevel')
  if (level !== undefined)
    options.validationLevel = oneOf('validationLevel', level, ['off', 'strict', 'moderate'])
  const action = args.string('validationAction')
  if (action !== undefined) options.validationAction = oneOf('validationAction', action, ['error', 'warn'])
  const collation = args.document('collation')
  if (collation) options.collation = collation
  return options
}

function oneOf(field: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value
  return fail(2, `Enumeration value '${value}' for field '${field}' is not a valid value.`)
}

function withoutEmptyValidator(options: Doc): Doc {
  const { validator, ...rest } = options
  return isDocument(validator) && Object.keys(validator).length === 0 ? rest : options
}

function describe(collection: Collection): Doc {
  return {
    name: collection.name,
    type: 'collection',
    options: collection.options,
    info: { readOnly: false, uuid: new Binary(Buffer.from(collection.uuid, 'hex'), Binary.SUBTYPE_UUID) },
    idIndex: describeIndex(ID_INDEX),
  }
}

function sizeOnDisk(context: Context, database: string): number {
  return context.state.catalog.collections(database).reduce((sum, collection) => {
    const bytes = collection.loaded
      ? collection.data.bytes
      : context.state.store.estimate(collection.entry())?.bytes
    return sum + (bytes ?? 0)
  }, 0)
}

function splitNamespace(namespace: string): { database: string; name: string } {
  const dot = namespace.indexOf('.')
  if (dot < 1) fail(73, `Invalid namespace specified '${namespace}'`)
  const parts = { database: namespace.slice(0, dot), name: namespace.slice(dot + 1) }
  checkNamespace(parts.database, parts.name)
  return parts
}

function modifyIndex(collection: Collection, change: Doc): Doc {
  const args = new Arguments('collMod.index', change)
  const name = args.string('name')
  const pattern = args.document('keyPattern')
  const seconds = args.integer('expireAfterSeconds')
  const hidden = args.value('hidden') === undefined ? undefined : args.boolean('hidden')
  args.end('unique', 'prepareUnique', 'forceNonUnique', 'dryRun')
  if (args.has('unique') || args.has('prepareUnique')) {
    fail(115, 'collMod cannot make an index unique in the embedded database; drop it and create it anew')
  }
  if ((name === undefined) === (pattern === undefined)) {
    fail(72, 'must specify either index name or key pattern, not both and not neither')
  }
  const index = collection.indexes.find((candidate) =>
    name === undefined ? JSON.stringify(candidate.key) === JSON.stringify(pattern) : candidate.name === name,
  )
  if (!index) fail(27, `cannot find index ${name ?? JSON.stringify(pattern)} for ns ${collection.namespace}`)
  const reply: Doc = {}
  const next = { ...index }
  if (seconds !== undefined) {
    if (seconds < 0)
      fail(72, `expireAfterSeconds must not be negative, got ${bsonTypeName(seconds)} ${seconds}`)
    if (index.expireAfterSeconds !== undefined) reply.expireAfterSeconds_old = index.expireAfterSeconds
    reply.expireAfterSeconds_new = seconds
    next.expireAfterSeconds = seconds
  }
  if (hidden !== undefined) {
    if (index.name === ID_INDEX.name) fail(2, "can't hide _id index")
    Object.assign(reply, { hidden_old: index.hidden, hidden_new: hidden })
    next.hidden = hidden
  }
  restoreIndexes(
    collection,
    collection.indexes.map((candidate) => (candidate === index ? next : candidate)),
  )
  return reply
}

/** Gives a collection definitions that differ from its present ones only in what needs no new entries. */
function restoreIndexes(collection: Collection, indexes: Collection['indexes']): void {
  collection.indexes = indexes
  for (const definition of indexes) {
    const live = collection.data.index(definition.name)
    if (live) live.definition = definition
  }
}
