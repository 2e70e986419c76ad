import { randomBytes } from 'node:crypto'
import { fail } from './errors.ts'
import { ID_INDEX, type IndexDefinition } from './index/definition.ts'
import { compileFilter, type Matcher } from './match/index.ts'
import type { CollectionData } from './store/collection-data.ts'
import type { CatalogEntry, Store } from './store/contract.ts'
import { type Doc, isDocument } from './values/types.ts'

/** One collection: its catalogue entry and, once used, its documents. */
export class Collection {
  readonly id: number
  readonly uuid: string
  database: string
  name: string
  options: Doc
  indexes: readonly IndexDefinition[]
  readonly #store: Store
  #data: CollectionData | undefined
  #validator: { of: Doc; matcher: Matcher | undefined } | undefined

  /** @param data documents of a new collection; those of a stored one are loaded when they are needed */
  constructor(entry: CatalogEntry, store: Store, data?: CollectionData) {
    this.#data = data
    this.id = entry.id
    this.uuid = entry.uuid
    this.database = entry.database
    this.name = entry.name
    this.options = entry.options
    this.indexes = entry.indexes
    this.#store = store
  }

  get namespace(): string {
    return `${this.database}.${this.name}`
  }

  /** Documents and indexes; the first use loads them. */
  get data(): CollectionData {
    this.#data ??= this.#store.load(this.entry())
    return this.#data
  }

  get loaded(): boolean {
    return this.#data !== undefined
  }

  /** The validator of the present options, compiled. */
  get validator(): Matcher | undefined {
    if (this.#validator?.of !== this.options) {
      const { validator } = this.options
      const matcher = isDocument(validator) ? compileFilter(validator, { now: new Date(0) }) : undefined
      this.#validator = { of: this.options, matcher }
    }
    return this.#validator.matcher
  }

  /** The entry as the catalogue keeps it. */
  entry(): CatalogEntry {
    const { id, uuid, database, name, options, indexes } = this
    return { id, uuid, database, name, options, indexes }
  }
}

/** All collections of all databases. */
export class Catalog {
  readonly #databases = new Map<string, Map<string, Collection>>()
  readonly #byId = new Map<number, Collection>()
  readonly #store: Store
  #nextId = 1

  constructor(store: Store) {
    this.#store = store
    for (const entry of store.catalog) this.add(new Collection(entry, store))
  }

  get(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name)
  }

  byId(id: number): Collection | undefined {
    return this.#byId.get(id)
  }

  /** Databases that hold at least one collection, by name. */
  databases(): string[] {
    return [...this.#databases.keys()].sort()
  }

  /** The collections of a database, by name. */
  collections(database: string): Collection[] {
    return [...(this.#databases.get(database)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Every collection there is. */
  all(): Iterable<Collection> {
    return this.#byId.values()
  }

  /** A new collection that is not in the catalogue yet. */
  fresh(database: string, name: string, options: Doc): Collection {
    const uuid = newUuid()
    const entry = { id: this.#nextId++, uuid, database, name, options, indexes: [ID_INDEX] }
    return new Collection(entry, this.#store, this.#store.create(entry))
  }

  add(collection: Collection): void {
    let names = this.#databases.get(collection.database)
    if (!names) {
      names = new Map()
      this.#databases.set(collection.database, names)
    }
    names.set(collection.name, collection)
    this.#byId.set(collection.id, collection)
    this.#nextId = Math.max(this.#nextId, collection.id + 1)
  }

  remove(collection: Collection): void {
    const names = this.#databases.get(collection.database)
    names?.delete(collection.name)
    if (names?.size === 0) this.#databases.delete(collection.database)
    this.#byId.delete(collection.id)
  }
}

/**
 * Checks a database and a collection name as the server does.
 * @throws DatabaseError 73 when no collection may have that name
 */
export function checkNamespace(database: string, name: unknown): asserts name is string {
  checkDatabase(database)
  if (typeof name !== 'string') fail(73, 'collection name has invalid type')
  const namespace = `${database}.${name}`
  if (name === '') fail(73, `Invalid namespace specified '${database}.'`)
  if (name.startsWith('.') || name.includes('\0') || name.includes('$'))
    fail(73, `Invalid namespace specified '${namespace}'`)
  if (Buffer.byteLength(namespace) > 255) {
    fail(73, `Fully qualified namespace is too long. Namespace: ${namespace} Max: 255`)
  }
}

/** @throws DatabaseError 73 when no database may have that name */
export function checkDatabase(database: string): void {
  if (database === '' || database.length > 63 || /[/\\. "$*<>:|?\0]/.test(database)) {
    fail(73, `Invalid database name: '${database}'`)
  }
}

// internals

function newUuid(): string {
  const bytes = randomBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex')
}
