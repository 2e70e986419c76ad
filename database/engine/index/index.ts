import { compileFilter, type Matcher } from '../match/index.ts'
import type { Snapshot } from '../store/snapshot.ts'
import { encodeKey, groupKeyEncoder } from '../values/keys.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import { ID_INDEX, type IndexDefinition, isDeclarationOnly } from './definition.ts'
import {
  type Entries,
  encodePart,
  encodeRow,
  entriesOf,
  type KeyEncoder,
  type KeyPart,
  keyParts,
  NO_SCALAR,
  scalarAt,
} from './entries.ts'
import { requireGeometry } from './geo-keys.ts'
import { IdKeys, type KeyList } from './key-list.ts'
import { OrderedKeys } from './ordered-keys.ts'

/** A unique key that is already taken. */
export interface KeyConflict {
  readonly index: Index
  readonly record: number
  /** The values under the parts of the index. */
  readonly values: unknown[]
}

/** The keys a write takes out of an index and puts into it. */
export interface KeyChange {
  readonly removed: readonly string[]
  readonly added: readonly string[]
  /** The new version's keys come out of an array. */
  readonly multikey: boolean
}

/** A live index of one collection: its definition and its entries. */
export class Index {
  /** Replaced by `collMod`, in nothing that entries depend on. */
  definition: IndexDefinition
  readonly parts: readonly KeyPart[]
  /** True as soon as one document has put several entries into it (or one out of an array). */
  multikey = false
  readonly #keys: KeyList
  /** The index on `_id`: one key a document, which never changes. */
  readonly #isId: boolean
  readonly #partial: Matcher | undefined
  readonly #declarationOnly: boolean
  /** Paths of a `2dsphere` index that hold places. */
  readonly #places: readonly (readonly string[])[]
  readonly #roots: readonly string[]
  readonly #encoder: KeyEncoder

  /** @param keys where the entries live; in memory when not given */
  constructor(definition: IndexDefinition, keys?: KeyList) {
    this.definition = definition
    this.#isId = definition.name === ID_INDEX.name
    this.#keys = keys ?? (this.#isId ? new IdKeys() : new OrderedKeys())
    this.parts = keyParts(definition.key)
    this.#places = this.parts
      .filter(({ path }) => definition.key[path] === '2dsphere')
      .map(({ segments }) => segments)
    this.#roots = [...new Set(this.parts.map((part) => part.segments[0]!))]
    this.#declarationOnly = isDeclarationOnly(definition.key)
    // A collated index tells equal strings from different ones, but has no order; see {@link ordered}.
    this.#encoder = definition.collation ? groupKeyEncoder(definition.collation) : encodeKey
    if (definition.partialFilterExpression) {
      this.#partial = compileFilter(definition.partialFilterExpression, { now: new Date(0) })
    }
  }

  get name(): string {
    return this.definition.name
  }

  /** False for geo and wildcard indexes and collated ones: no query may be answered from them. */
  get ordered(): boolean {
    return !this.#declarationOnly && this.definition.collation === undefined
  }

  /** True when the order of the entries is that of the values, so that a sort may rely on it. */
  get sorts(): boolean {
    return !this.multikey && this.#keys.exact
  }

  /** Number of entries. */
  get size(): number {
    return this.#keys.size
  }

  /** The key strings a document has here, without repeats. */
  keysOf(doc: Doc): readonly string[] {
    return this.#keysAndArrays(doc).keys
  }

  /** True when no indexed path can differ between two versions that share structure. */
  untouched(before: Doc, after: Doc): boolean {
    if (this.#partial) return false
    return this.#roots.every((root) => getOwn(before, root) === getOwn(after, root))
  }

  /**
   * What writing one version over the other changes here; undefined for nothing.
   * @throws DatabaseError 171 when the new version has parallel arrays, 16755 when it has a place that is none
   */
  change(before: Doc | undefined, after: Doc | undefined): KeyChange | undefined {
    if (before && after && (this.#isId || this.untouched(before, after))) return undefined
    if (after) this.requirePlaces(after)
    const added = after ? this.#keysAndArrays(after) : NO_KEYS
    const removed = before ? this.keysOf(before) : NO_KEYS.keys
    if (added.keys.length === 0 && removed.length === 0) return undefined
    if (!before || !after) return { removed, added: added.keys, multikey: added.multikey }
    return {
      removed: removed.filter((key) => !added.keys.includes(key)),
      added: added.keys.filter((key) => !removed.includes(key)),
      multikey: added.multikey,
    }
  }

  /** @throws DatabaseError 16755 when a `2dsphere` index cannot take this document */
  requirePlaces(doc: Doc): void {
    if (this.#places.length === 0 || (this.#partial && !this.#partial.matches(doc))) return
    for (const segments of this.#places) requireGeometry(doc, segments)
  }

  apply(record: number, change: KeyChange): void {
    if (change.multikey) this.multikey = true
    for (const key of change.removed) this.#keys.remove(key, record)
    for (const key of change.added) this.#keys.insert(key, record)
  }

  /** Fills the index from scratch. */
  build(documents: Iterable<[number, Doc]>): void {
    const keys: string[] = []
    const records: number[] = []
    const simple = this.#simplePart()
    for (const [record, doc] of documents) {
      const value = simple ? scalarAt(doc, simple.segments) : NO_SCALAR
      if (value !== NO_SCALAR) {
        if (value === MISSING && this.definition.sparse) continue
        keys.push(encodePart(value, simple!.descending, this.#encoder))
        records.push(record)
        continue
      }
      const found = this.#keysAndArrays(doc)
      if (found.multikey) this.multikey = true
      for (const key of found.keys) {
        keys.push(key)
        records.push(record)
      }
    }
    this.#keys.load(keys, records)
  }

  /** The record under exactly this key, for unique indexes. */
  lookup(key: string, at?: Snapshot): number | undefined {
    return this.#keys.first(key, at)
  }

  /** Another record than `record` that has this key. */
  taken(key: string, record: number): number | undefined {
    return this.#keys.taken(key, record)
  }

  /** The part values that give `key`. */
  valuesUnder(doc: Doc, key: string): unknown[] {
    if (this.#isId) return [getOwn(doc, '_id')]
    const row = this.#entries(doc).rows.find((values) => this.#encode(values) === key)
    return row ?? []
  }

  /** Records in key order between two bounds; see {@link KeyList.range}. */
  range(low: string, high: string | undefined, reverse: boolean, at?: Snapshot): Iterable<number> {
    return this.#keys.range(low, high, reverse, at)
  }

  // internals

  /** The only part of an index that takes in every document: one value gives one entry, unless it is an array. */
  #simplePart(): KeyPart | undefined {
    if (this.#declarationOnly || this.#partial || this.parts.length !== 1) return undefined
    return this.parts[0]
  }

  #keysAndArrays(doc: Doc): { readonly keys: readonly string[]; readonly multikey: boolean } {
    if (this.#isId) return { keys: [encodeKey(getOwn(doc, '_id'))], multikey: false }
    const { rows, multikey } = this.#entries(doc)
    if (rows.length === 1) return { keys: [this.#encode(rows[0]!)], multikey }
    return { keys: [...new Set(rows.map((row) => this.#encode(row)))], multikey }
  }

  #entries(doc: Doc): Entries {
    if (this.#declarationOnly) return NO_ENTRIES
    if (this.#partial && !this.#partial.matches(doc)) return NO_ENTRIES
    let { rows, multikey } = entriesOf(this.parts, doc)
    if (this.definition.sparse) rows = rows.filter((row) => row.some((value) => value !== MISSING))
    return { rows, multikey }
  }

  #encode(row: readonly unknown[]): string {
    return encodeRow(this.parts, row, this.#encoder)
  }
}

const NO_KEYS = { keys: [] as readonly string[], multikey: false }
const NO_ENTRIES: Entries = { rows: [], multikey: false }
