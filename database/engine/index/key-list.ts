import type { Snapshot } from '../store/snapshot.ts'
import { OrderedKeys } from './ordered-keys.ts'

/** The entries of one index: pairs of key and record, by key, then by record. */
export interface KeyList {
  /** Number of entries. */
  readonly size: number
  /** True while key order is value order; a list that shortens long keys may lose it. */
  readonly exact: boolean
  insert(key: string, record: number): void
  remove(key: string, record: number): void
  /** The first record under exactly this key. */
  first(key: string, at?: Snapshot): number | undefined
  /** Another record than `record` that has this key. */
  taken(key: string, record: number): number | undefined
  /**
   * Records of all entries with `low <= key < high`, in order or reversed. The list must not be changed while the
   * iteration goes on; a reader that pauses copies what is left first, or reads a snapshot.
   * @param high upper bound, exclusive; undefined for none
   */
  range(low: string, high: string | undefined, reverse: boolean, at?: Snapshot): Iterable<number>
  /** Replaces everything by entries in any order. */
  load(keys: string[], records: number[]): void
}

/** The list of an `_id` index in memory: look-ups by a map, and an ordered list once a range is asked for. */
export class IdKeys implements KeyList {
  readonly exact = true
  readonly #records = new Map<string, number>()
  #ordered: OrderedKeys | undefined

  get size(): number {
    return this.#records.size
  }

  insert(key: string, record: number): void {
    this.#records.set(key, record)
    this.#ordered?.insert(key, record)
  }

  remove(key: string, record: number): void {
    this.#records.delete(key)
    this.#ordered?.remove(key, record)
  }

  first(key: string): number | undefined {
    return this.#records.get(key)
  }

  taken(key: string, record: number): number | undefined {
    const other = this.#records.get(key)
    return other === record ? undefined : other
  }

  range(low: string, high: string | undefined, reverse: boolean): Iterable<number> {
    if (!this.#ordered) {
      this.#ordered = new OrderedKeys()
      this.#ordered.load([...this.#records.keys()], [...this.#records.values()])
    }
    return this.#ordered.range(low, high, reverse)
  }

  load(keys: string[], records: number[]): void {
    this.#records.clear()
    this.#ordered = undefined
    for (let at = 0; at < keys.length; at++) this.#records.set(keys[at]!, records[at]!)
  }
}
