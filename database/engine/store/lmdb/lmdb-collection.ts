import type { IndexDefinition } from '../../index/definition.ts'
import { Index, type KeyConflict } from '../../index/index.ts'
import type { Doc } from '../../values/types.ts'
import { CollectionData } from '../collection-data.ts'
import type { CatalogEntry } from '../contract.ts'
import { sizeOf } from '../size.ts'
import type { Reader, Snapshot } from '../snapshot.ts'
import { type CacheBudget, DocumentCache } from './document-cache.ts'
import type { Environment } from './environment.ts'
import { type KeyListState, LmdbKeys, optionsOf } from './lmdb-keys.ts'

/** What is kept of a collection besides documents and entries; it changes with them. */
export interface CollectionState {
  /** Its place in the file: never given out again, unlike ids of collections. */
  readonly slot: number
  size: number
  bytes: number
  largest: number
  nextRecord: number
  nextIndex: number
  indexes: IndexState[]
}

export interface IndexState extends KeyListState {
  readonly name: string
  multikey: boolean
}

/** What a collection asks of its store. */
export interface Home {
  readonly environment: Environment
  readonly budget: CacheBudget
  /** Number of the commit that is being made, or of the last one. */
  readonly current: number
  /** The state of a collection changes: it must be stored with the commit, and read anew should that fail. */
  touch(collection: LmdbCollection): void
}

/** A collection in the file: documents are decoded when they are asked for, and some of them are kept. */
export class LmdbCollection extends CollectionData {
  readonly id: number
  readonly #home: Home
  readonly #cache: DocumentCache
  #state: CollectionState
  /** The last commit that changed it: older snapshots see other documents than those that are kept. */
  #changed: number

  constructor(home: Home, { id, indexes }: CatalogEntry, state: CollectionState) {
    super()
    this.id = id
    this.#home = home
    this.#cache = new DocumentCache(home.budget)
    this.#state = state
    this.#changed = home.current
    this.#take(indexes)
  }

  get size(): number {
    return this.#state.size
  }

  get bytes(): number {
    return this.#state.bytes
  }

  get largest(): number {
    return this.#state.largest
  }

  /** Where its documents are in the file. */
  get slot(): number {
    return this.#state.slot
  }

  /** The state as it is to be stored; of indexes that were dropped nothing is left in it. */
  settle(): CollectionState {
    const state = this.#state
    state.nextRecord = this.nextRecord
    state.indexes = [...this.indexes].map((index) => {
      const own = this.#indexState(index.name)
      own.multikey = index.multikey
      return own
    })
    return state
  }

  /** Everything in memory is as the file says, after a transaction that came to nothing. */
  reload(definitions: readonly IndexDefinition[], state: CollectionState): void {
    this.#cache.clear()
    this.#state = state
    this.#take(definitions)
  }

  /** The collection is gone. */
  end(): void {
    this.#cache.end()
  }

  get(record: number, at?: Snapshot): Doc | undefined {
    const current = this.#isCurrent(at)
    const kept = current ? this.#cache.get(record) : undefined
    if (kept) return kept
    const { documents, codec } = this.#home.environment
    const bytes = documents.getBinaryFast({ slot: this.#state.slot, record }, optionsOf(at))
    if (!bytes) return undefined
    const { length } = bytes
    const doc = codec.decode(bytes)
    if (current) this.#cache.put(record, doc, length)
    return doc
  }

  *entries(reader?: Reader): IterableIterator<[number, Doc]> {
    const { documents, codec } = this.#home.environment
    const { slot } = this.#state
    const at = reader?.snapshot
    const range = { start: { slot, record: 0 }, end: { slot: slot + 1, record: 0 }, ...optionsOf(at) }
    // When most documents are kept it is cheaper to ask for the others than to pass over the bytes of all.
    if (this.#isCurrent(at) && this.#cache.size * 2 > this.size) {
      for (const { record } of documents.getKeys(range)) {
        const doc = this.get(record, reader?.snapshot)
        if (doc) yield [record, doc]
      }
      return
    }
    for (const { key, value } of documents.getRange(range)) {
      const doc = codec.decode(value)
      if (this.#isCurrent(reader?.snapshot)) this.#cache.offer(key.record, doc, value.length)
      yield [key.record, doc]
    }
  }

  *documents(reader?: Reader): IterableIterator<Doc> {
    for (const [, doc] of this.entries(reader)) yield doc
  }

  apply(
    record: number,
    before: Doc | undefined,
    after: Doc | undefined,
    keys = this.prepare(before, after),
  ): void {
    this.#touch()
    const { documents, codec } = this.#home.environment
    const key = { slot: this.#state.slot, record }
    this.#cache.delete(record)
    if (before) this.#count(-1, sizeOf(before))
    if (after) {
      const bytes = codec.encode(after)
      documents.put(key, bytes)
      this.#count(1, bytes.length)
      this.#cache.put(record, after, bytes.length)
      this.nextRecord = record + 1
    } else {
      documents.remove(key)
    }
    for (const [index, change] of keys) index.apply(record, change)
  }

  /** Nothing to do: the transaction it was written in is given up, and {@link reload} does the rest. */
  undo(): void {}

  restoreOrder(): void {}

  /** The index objects given may be of a state that is no more: they are opened anew. */
  override restoreIndexes(indexes: ReadonlyMap<string, Index>): void {
    this.#take([...indexes.values()].map(({ definition }) => definition))
  }

  addIndex(definition: IndexDefinition): KeyConflict | undefined {
    this.#touch()
    const state = {
      name: definition.name,
      number: this.#state.nextIndex++,
      size: 0,
      exact: true,
      multikey: false,
    }
    this.#state.indexes.push(state)
    const index = this.#open(definition, state)
    let part: [number, Doc][] = []
    for (const entry of this.entries()) {
      if (part.push(entry) < PART) continue
      index.build(part)
      part = []
    }
    index.build(part)
    const conflict = definition.unique ? this.duplicateIn(index) : undefined
    if (!conflict) this.hold(index)
    return conflict
  }

  // internals

  #take(definitions: readonly IndexDefinition[]): void {
    this.nextRecord = this.#state.nextRecord
    this.releaseIndexes()
    for (const definition of definitions) {
      const state = this.#indexState(definition.name)
      const index = this.#open(definition, state)
      index.multikey = state.multikey
      this.hold(index)
    }
  }

  #open(definition: IndexDefinition, state: IndexState): Index {
    return new Index(definition, new LmdbKeys(this.#home.environment, this.#state.slot, state))
  }

  #indexState(name: string): IndexState {
    // The last one of that name: one that was dropped may still be there, should the commit come to nothing.
    return this.#state.indexes.findLast((index) => index.name === name)!
  }

  #touch(): void {
    this.#home.touch(this)
    this.#changed = this.#home.current
  }

  #isCurrent(at: Snapshot | undefined): boolean {
    return at === undefined || this.#changed <= at.sequence
  }

  #count(documents: number, bytes: number): void {
    this.#state.size += documents
    this.#state.bytes += documents * bytes
    if (documents > 0 && bytes > this.#state.largest) this.#state.largest = bytes
  }
}

/** A collection that has just been made. */
export function freshState(slot: number, definitions: readonly IndexDefinition[]): CollectionState {
  const indexes = definitions.map(({ name }, number) => ({
    name,
    number,
    size: 0,
    exact: true,
    multikey: false,
  }))
  return { slot, size: 0, bytes: 0, largest: 0, nextRecord: 1, nextIndex: indexes.length, indexes }
}

// internals

/** Documents whose index keys are sorted together. */
const PART = 10_000
