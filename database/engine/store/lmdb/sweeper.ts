import type { Environment } from './environment.ts'
import { indexPrefix, slotPrefix, successor } from './lmdb-keys.ts'

/** Something in the file that nobody refers to any more: one index of a collection, or all there is of it. */
export interface Waste {
  readonly slot: number
  readonly index: number | undefined
}

/**
 * Removes what dropped collections and indexes have left, some of it at a time: dropping itself only leaves a note.
 */
export class Sweeper {
  readonly #environment: Environment
  readonly #waste: Waste[]

  /** Takes up the notes in the file. */
  constructor(environment: Environment) {
    this.#environment = environment
    this.#waste = [...environment.meta.getKeys({ start: NOTE, end: successor(NOTE) })].map(parse)
  }

  get idle(): boolean {
    return this.#waste.length === 0
  }

  /** Leaves a note; within the transaction that drops. */
  note(waste: Waste): void {
    this.#environment.meta.put(nameOf(waste), Buffer.of(1))
  }

  /** A noted thing may be removed: the transaction that dropped it is there to stay. */
  add(waste: Waste): void {
    this.#waste.push(waste)
  }

  /** Removes some of it; within a transaction. */
  sweep(): void {
    const waste = this.#waste[0]
    if (!waste || this.#removeSome(waste) > 0) return
    this.#environment.meta.remove(nameOf(waste))
    this.#waste.shift()
  }

  // internals

  /** @returns how much was removed; nothing when there is nothing left */
  #removeSome({ slot, index }: Waste): number {
    const { entries, documents } = this.#environment
    const prefix = index === undefined ? slotPrefix(slot) : indexPrefix(slot, index)
    const keys = new Set(entries.getKeys({ start: prefix, end: successor(prefix), limit: SOME }))
    for (const key of keys) entries.remove(key)
    if (keys.size > 0 || index !== undefined) return keys.size
    const range = { start: { slot, record: 0 }, end: { slot: slot + 1, record: 0 }, limit: SOME }
    const records = [...documents.getKeys(range)]
    for (const key of records) documents.remove(key)
    return records.length
  }
}

// internals

const NOTE = 'waste '
/** Takes a few milliseconds. */
const SOME = 1000

function nameOf({ slot, index }: Waste): string {
  return index === undefined ? `${NOTE}${slot}` : `${NOTE}${slot} ${index}`
}

function parse(name: string): Waste {
  const [slot, index] = name.slice(NOTE.length).split(' ')
  return { slot: Number(slot), index: index === undefined ? undefined : Number(index) }
}
