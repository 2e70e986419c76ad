import { createHash } from 'node:crypto'
import type { KeyList } from '../../index/key-list.ts'
import type { Snapshot } from '../snapshot.ts'
import { type Environment, MAX_KEY } from './environment.ts'
import { LmdbSnapshot } from './lmdb-snapshot.ts'

/** What is remembered of an index besides its entries. */
export interface KeyListState {
  /** Its number within the collection; never given out again. */
  readonly number: number
  size: number
  exact: boolean
}

/**
 * The entries of one index in the file (spec/embedded-database.md §7). A key longer than lmdb takes is cut, and its hash
 * follows: such keys are as good as others for finding, but no longer in order.
 */
export class LmdbKeys implements KeyList {
  readonly #entries: Environment['entries']
  readonly #prefix: string
  readonly #state: KeyListState

  /** @param slot where the collection's data is in the file */
  constructor({ entries }: Environment, slot: number, state: KeyListState) {
    this.#entries = entries
    this.#prefix = indexPrefix(slot, state.number)
    this.#state = state
  }

  get size(): number {
    return this.#state.size
  }

  get exact(): boolean {
    return this.#state.exact
  }

  insert(key: string, record: number): void {
    if (key.length > MAX_KEY) this.#state.exact = false
    this.#entries.put(this.#whole(key), record)
    this.#state.size++
  }

  remove(key: string, record: number): void {
    this.#entries.remove(this.#whole(key), record)
    this.#state.size--
  }

  first(key: string, at?: Snapshot): number | undefined {
    return this.#entries.get(this.#whole(key), optionsOf(at))
  }

  taken(key: string, record: number): number | undefined {
    const whole = this.#whole(key)
    const first = this.#entries.get(whole)
    if (first !== record) return first
    for (const other of this.#entries.getValues(whole)) if (other !== record) return other
    return undefined
  }

  *range(
    low: string,
    high: string | undefined,
    reverse: boolean,
    at?: Snapshot,
  ): Generator<number, void, void> {
    const start = this.#prefix + cut(low)
    const end = high === undefined ? successor(this.#prefix) : this.#end(high)
    const range = reverse
      ? { start: end, end: start, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start, end }
    for (const { value } of this.#entries.getRange({ ...range, ...optionsOf(at) })) yield value
  }

  load(keys: string[], records: number[]): void {
    // In key order pages are filled one after the other.
    const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
    for (const at of order) this.insert(keys[at]!, records[at]!)
  }

  // internals

  #whole(key: string): string {
    if (key.length <= MAX_KEY) return this.#prefix + key
    return this.#prefix + key.slice(0, MAX_KEY) + hashOf(key)
  }

  /** An upper bound that leaves out nothing below `high`; a character beyond all bytes stands for the highest key. */
  #end(high: string): string {
    if (high.length > MAX_KEY) return successor(this.#prefix + high.slice(0, MAX_KEY))
    return high.endsWith(BEYOND) ? successor(this.#prefix + high.slice(0, -1)) : this.#prefix + high
  }
}

/** What all keys of an index begin with. */
export function indexPrefix(slot: number, index: number): string {
  return slotPrefix(slot) + String.fromCharCode(index >> 8, index & 255)
}

/** What all index keys of a collection begin with. */
export function slotPrefix(slot: number): string {
  return String.fromCharCode(slot >>> 24, (slot >> 16) & 255, (slot >> 8) & 255, slot & 255)
}

/** The first key behind all those that begin with `prefix`. */
export function successor(prefix: string): string {
  let end = prefix.length
  while (end > 0 && prefix.charCodeAt(end - 1) === 255) end--
  return prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1)
}

/** How lmdb is told to read a snapshot. */
export function optionsOf(at: Snapshot | undefined): LmdbSnapshot['options'] | undefined {
  return at instanceof LmdbSnapshot ? at.options : undefined
}

// internals

/** Bytes of a hash that stand for the rest of a key: no two keys will ever share them. */
const HASH = 16
/** See planner/plan.ts: ends that admit everything with a beginning. */
const BEYOND = '\u0100'

function hashOf(key: string): string {
  return createHash('sha256').update(key, 'latin1').digest().toString('latin1', 0, HASH)
}

function cut(key: string): string {
  return key.length > MAX_KEY ? key.slice(0, MAX_KEY) : key
}
