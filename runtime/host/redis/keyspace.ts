/** The keys of one space: values by type, expiry on the space's clock, and who waits for a change. */
import type { Clock } from '../../../clock/clock.ts'
import type { Bytes } from './bytes.ts'
import { errors } from './reply.ts'
import { SortedSet } from './sorted-set.ts'

interface Values {
  string: Bytes
  list: Bytes[]
  hash: Map<Bytes, Bytes>
  set: Set<Bytes>
  zset: SortedSet
}

export type ValueType = keyof Values
type Value<T extends ValueType = ValueType> = Values[T]

interface Entry {
  type: ValueType
  value: Value
  /** Epoch milliseconds; absent = never. */
  expiresAt?: number
  /** Grows with each change of any key: WATCH compares it. */
  version: number
}

/** Expiring keys may pile up this long before those that are over are thrown out. */
const sweepEvery = 10_000

export class Keyspace {
  readonly #clock: Clock
  readonly #entries = new Map<Bytes, Entry>()
  readonly #waiting = new Map<Bytes, Set<() => void>>()
  #version = 0
  #sinceSweep = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  type(key: Bytes): ValueType | undefined {
    return this.#live(key)?.type
  }

  has(key: Bytes): boolean {
    return this.#live(key) !== undefined
  }

  /** The value of a key of this type; undefined when there is no such key. @throws CommandError WRONGTYPE */
  get<T extends ValueType>(key: Bytes, type: T): Values[T] | undefined {
    const entry = this.#live(key)
    if (!entry) return undefined
    if (entry.type !== type) throw errors.wrongType()
    return entry.value as Values[T]
  }

  /** As `get`, with a new, empty value where there is no key; the caller fills it and says `changed`. */
  getOrCreate<T extends Exclude<ValueType, 'string'>>(key: Bytes, type: T): Values[T] {
    const value = this.get(key, type)
    if (value !== undefined) return value
    const created = empty(type) as Values[T]
    this.#entries.set(key, { type, value: created, version: ++this.#version })
    return created
  }

  /** Replaces whatever the key held; it never expires then, unless `keepExpiry`. */
  set<T extends ValueType>(key: Bytes, type: T, value: Values[T], keepExpiry = false): void {
    const before = keepExpiry ? this.#live(key)?.expiresAt : undefined
    const entry: Entry = { type, value, version: 0 }
    if (before !== undefined) entry.expiresAt = before
    this.#entries.set(key, entry)
    this.changed(key)
  }

  /** The value was changed in place: a key that has become empty is gone, those who wait for it are called. */
  changed(key: Bytes): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    if (isEmpty(entry)) {
      this.#entries.delete(key)
      return
    }
    entry.version = ++this.#version
    for (const wake of this.#waiting.get(key) ?? []) wake()
  }

  /** Whether there was such a key. */
  delete(key: Bytes): boolean {
    return this.has(key) && this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Moves value and expiry; the target is replaced. */
  rename(from: Bytes, to: Bytes): void {
    const entry = this.#live(from) as Entry
    this.#entries.delete(from)
    this.#entries.set(to, entry)
    this.changed(to)
  }

  copy(from: Bytes, to: Bytes): void {
    const entry = this.#live(from) as Entry
    this.#entries.set(to, { ...entry, value: cloned(entry) })
    this.changed(to)
  }

  keys(): Bytes[] {
    this.#sweep()
    return [...this.#entries.keys()]
  }

  get size(): number {
    this.#sweep()
    return this.#entries.size
  }

  /** Epoch milliseconds; undefined = never, or no such key. */
  expiresAt(key: Bytes): number | undefined {
    return this.#live(key)?.expiresAt
  }

  /** @param at epoch milliseconds; in the past = the key is gone; undefined = never */
  expireAt(key: Bytes, at: number | undefined): void {
    const entry = this.#live(key)
    if (!entry) return
    if (at === undefined) delete entry.expiresAt
    else entry.expiresAt = at
    entry.version = ++this.#version
    if (++this.#sinceSweep >= sweepEvery) this.#sweep()
  }

  /** For WATCH; undefined when there is no such key. */
  version(key: Bytes): number | undefined {
    return this.#live(key)?.version
  }

  /** Resolves when one of the keys changes, or after `ms` of the space's time. */
  waitFor(keys: readonly Bytes[], ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer?.[Symbol.dispose]()
        for (const key of keys) this.#forget(key, done)
        resolve()
      }
      const timer = Number.isFinite(ms) ? this.#clock.setTimer(done, ms) : undefined
      for (const key of keys) {
        const waiting = this.#waiting.get(key) ?? new Set()
        this.#waiting.set(key, waiting.add(done))
      }
    })
  }

  // internals

  #live(key: Bytes): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > this.#clock.now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  #sweep(): void {
    this.#sinceSweep = 0
    const now = this.#clock.now()
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt !== undefined && expiresAt <= now) this.#entries.delete(key)
    }
  }

  #forget(key: Bytes, wake: () => void): void {
    const waiting = this.#waiting.get(key)
    waiting?.delete(wake)
    if (waiting?.size === 0) this.#waiting.delete(key)
  }
}

// internals

function empty(type: Exclude<ValueType, 'string'>): Value {
  switch (type) {
    case 'list':
      return []
    case 'hash':
      return new Map()
    case 'set':
      return new Set()
    case 'zset':
      return new SortedSet()
  }
}

function isEmpty({ value }: Entry): boolean {
  if (typeof value === 'string') return false
  return Array.isArray(value) ? value.length === 0 : value.size === 0
}

function cloned({ value }: Entry): Value {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return [...value]
  if (value instanceof SortedSet) return value.clone()
  return value instanceof Map ? new Map(value) : new Set(value)
}
