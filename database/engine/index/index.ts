import { compileFilter, type Matcher } from '../match/index.ts'
import { encodeKey, groupKeyEncoder } from '../values/keys.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import { ID_INDEX, type IndexDefinition, isDeclarationOnly } from './definition.ts'
import { type Entries, encodeRow, entriesOf, type KeyEncoder, type KeyPart, keyParts } from './entries.ts'
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
  readonly #keys = new OrderedKeys()
  /** `_id` only: key -> record. The ordered list of an `_id` index is built when a range is first asked for. */
  readonly #ids: Map<string, number> | undefined
  #idsOrdered = false
  readonly #partial: Matcher | undefined
  readonly #declarationOnly: boolean
  readonly #roots: readonly string[]
  readonly #encoder: KeyEncoder

  constructor(definition: IndexDefinition) {
    this.definition = definition
    this.parts = keyParts(definition.key)
    this.#roots = [...new Set(this.parts.map((part) => part.segments[0]!))]
    this.#declarationOnly = isDeclarationOnly(definition.key)
    if (definition.name === ID_INDEX.name) this.#ids = new Map()
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

  /** Number of entries. */
  get size(): number {
    return this.#ids ? this.#ids.size : this.#keys.size
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
   * @throws DatabaseError 171 when the new version has parallel arrays
   */
  change(before: Doc | undefined, after: Doc | undefined): KeyChange | undefined {
    if (before && after && (this.#ids !== undefined || this.untouched(before, after))) return undefined
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

  apply(record: number, change: KeyChange): void {
    if (change.multikey) this.multikey = true
    for (const key of change.removed) this.#remove(key, record)
    for (const key of change.added) this.#insert(key, record)
  }

  /** Fills the index from scratch. */
  build(documents: Iterable<[number, Doc]>): void {
    const keys: string[] = []
    const records: number[] = []
    for (const [record, doc] of documents) {
      if (this.#ids) {
        this.#ids.set(encodeKey(getOwn(doc, '_id')), record)
        continue
      }
      const found = this.#keysAndArrays(doc)
      if (found.multikey) this.multikey = true
      for (const key of found.keys) {
        keys.push(key)
        records.push(record)
      }
    }
    if (!this.#ids) this.#keys.load(keys, records)
  }

  /** The record under exactly this key, for unique indexes. */
  lookup(key: string): number | undefined {
    return this.#ids ? this.#ids.get(key) : this.#keys.first(key)
  }

  /** Another record than `record` that has this key. */
  taken(key: string, record: number): number | undefined {
    if (!this.#ids) return this.#keys.taken(key, record)
    const other = this.#ids.get(key)
    return other === record ? undefined : other
  }

  /** The part values that give `key`. */
  valuesUnder(doc: Doc, key: string): unknown[] {
    if (this.#ids) return [getOwn(doc, '_id')]
    const row = this.#entries(doc).rows.find((values) => this.#encode(values) === key)
    return row ?? []
  }

  /** Records in key order between two bounds; see {@link OrderedKeys.range}. */
  range(low: string, high: string | undefined, reverse: boolean): Iterable<number> {
    if (this.#ids && !this.#idsOrdered) {
      this.#keys.load([...this.#ids.keys()], [...this.#ids.values()])
      this.#idsOrdered = true
    }
    return this.#keys.range(low, high, reverse)
  }

  // internals

  #insert(key: string, record: number): void {
    this.#ids?.set(key, record)
    if (!this.#ids || this.#idsOrdered) this.#keys.insert(key, record)
  }

  #remove(key: string, record: number): void {
    this.#ids?.delete(key)
    if (!this.#ids || this.#idsOrdered) this.#keys.remove(key, record)
  }

  #keysAndArrays(doc: Doc): { readonly keys: readonly string[]; readonly multikey: boolean } {
    if (this.#ids) return { keys: [encodeKey(getOwn(doc, '_id'))], multikey: false }
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
