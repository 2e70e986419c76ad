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
  keysOf(doc: Doc): string[] {
    if (this.#ids) return [encodeKey(getOwn(doc, '_id'))]
    const { rows } = this.#entries(doc)
    if (rows.length === 1) return [this.#encode(rows[0]!)]
    return [...new Set(rows.map((row) => this.#encode(row)))]
  }

  /** True when no indexed path can differ between two versions that share structure. */
  untouched(before: Doc, after: Doc): boolean {
    if (this.#partial) return false
    return this.#roots.every((root) => getOwn(before, root) === getOwn(after, root))
  }

  insert(record: number, doc: Doc): void {
    if (this.#ids) {
      const key = encodeKey(getOwn(doc, '_id'))
      this.#ids.set(key, record)
      if (this.#idsOrdered) this.#keys.insert(key, record)
      return
    }
    if (!this.multikey && this.#entries(doc).multikey) this.multikey = true
    for (const key of this.keysOf(doc)) this.#keys.insert(key, record)
  }

  remove(record: number, doc: Doc): void {
    if (this.#ids) {
      const key = encodeKey(getOwn(doc, '_id'))
      this.#ids.delete(key)
      if (this.#idsOrdered) this.#keys.remove(key, record)
      return
    }
    for (const key of this.keysOf(doc)) this.#keys.remove(key, record)
  }

  /** Moves a record from one version's keys to the other's, touching only what differs. */
  update(record: number, before: Doc, after: Doc): void {
    if (this.#ids || this.untouched(before, after)) return
    if (!this.multikey && this.#entries(after).multikey) this.multikey = true
    const old = this.keysOf(before)
    const now = this.keysOf(after)
    for (const key of old) if (!now.includes(key)) this.#keys.remove(key, record)
    for (const key of now) if (!old.includes(key)) this.#keys.insert(key, record)
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
      const { rows, multikey } = this.#entries(doc)
      if (multikey) this.multikey = true
      if (rows.length === 1) {
        keys.push(this.#encode(rows[0]!))
        records.push(record)
      } else {
        for (const key of new Set(rows.map((row) => this.#encode(row)))) {
          keys.push(key)
          records.push(record)
        }
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

  /**
   * The first unique key of `doc` that another record than `record` holds.
   * @param before the record's present version, so that keys it keeps are not looked at
   */
  conflict(doc: Doc, record: number, before?: Doc): KeyConflict | undefined {
    if (before && this.untouched(before, doc)) return undefined
    for (const key of this.keysOf(doc)) {
      const other = this.taken(key, record)
      if (other !== undefined) return { index: this, record: other, values: this.valuesUnder(doc, key) }
    }
    return undefined
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

const NO_ENTRIES: Entries = { rows: [], multikey: false }
