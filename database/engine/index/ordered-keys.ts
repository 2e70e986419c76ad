import type { KeyList } from './key-list.ts'

/**
 * An ordered list of (key, record) pairs in chunks, split and merged like the leaves of a B+tree
 * (spec/embedded-database.md §8). Keys are the byte strings of values/keys.ts, so plain `<` is their order;
 * equal keys are ordered by record number, which is insertion order.
 */
export class OrderedKeys implements KeyList {
  readonly exact = true
  #chunks: Chunk[] = []
  #size = 0

  /** Number of entries. */
  get size(): number {
    return this.#size
  }

  /** Replaces everything by entries in any order: sorting once is far cheaper than inserting one by one. */
  load(keys: string[], records: number[]): void {
    const order = sortedOrder(keys, records)
    this.#chunks = []
    this.#size = keys.length
    const fill = (MAX_CHUNK * 3) >> 2
    for (let start = 0; start < order.length; start += fill) {
      const part = Array.from(order.subarray(start, start + fill))
      this.#chunks.push({ keys: part.map((at) => keys[at]!), records: part.map((at) => records[at]!) })
    }
  }

  insert(key: string, record: number): void {
    this.#size++
    if (this.#chunks.length === 0) {
      this.#chunks.push({ keys: [key], records: [record] })
      return
    }
    const index = Math.min(this.#chunkFor(key, record), this.#chunks.length - 1)
    const chunk = this.#chunks[index]!
    const at = position(chunk, key, record)
    chunk.keys.splice(at, 0, key)
    chunk.records.splice(at, 0, record)
    if (chunk.keys.length > MAX_CHUNK) this.#split(index)
  }

  /** Removes one entry; false when it is not there. */
  remove(key: string, record: number): boolean {
    const index = this.#chunkFor(key, record)
    const chunk = this.#chunks[index]
    if (!chunk) return false
    const at = position(chunk, key, record)
    if (chunk.keys[at] !== key || chunk.records[at] !== record) return false
    chunk.keys.splice(at, 1)
    chunk.records.splice(at, 1)
    this.#size--
    if (chunk.keys.length < MAX_CHUNK >> 2) this.#merge(index)
    return true
  }

  /** The first record under exactly this key. */
  first(key: string): number | undefined {
    const chunk = this.#chunks[this.#chunkFor(key, -1)]
    if (!chunk) return undefined
    const at = position(chunk, key, -1)
    return chunk.keys[at] === key ? chunk.records[at] : undefined
  }

  /** Another record than `record` that has this key. */
  taken(key: string, record: number): number | undefined {
    for (const other of this.range(key, `${key}\0`, false)) if (other !== record) return other
    return undefined
  }

  /** See {@link KeyList.range}. */
  range(low: string, high: string | undefined, reverse: boolean): Generator<number, void, void> {
    return reverse ? this.#backwards(low, high) : this.#forwards(low, high)
  }

  // internals

  *#forwards(low: string, high: string | undefined): Generator<number, void, void> {
    let index = this.#chunkFor(low, -1)
    let chunk = this.#chunks[index]
    if (!chunk) return
    let at = position(chunk, low, -1)
    for (; chunk; chunk = this.#chunks[++index], at = 0) {
      for (; at < chunk.keys.length; at++) {
        if (high !== undefined && chunk.keys[at]! >= high) return
        yield chunk.records[at]!
      }
    }
  }

  *#backwards(low: string, high: string | undefined): Generator<number, void, void> {
    let index = high === undefined ? this.#chunks.length - 1 : this.#chunkFor(high, -1)
    if (index >= this.#chunks.length) index = this.#chunks.length - 1
    let chunk = this.#chunks[index]
    if (!chunk) return
    let at = (high === undefined ? chunk.keys.length : position(chunk, high, -1)) - 1
    while (chunk) {
      for (; at >= 0; at--) {
        if (chunk.keys[at]! < low) return
        yield chunk.records[at]!
      }
      chunk = this.#chunks[--index]
      at = chunk ? chunk.keys.length - 1 : -1
    }
  }

  /** Index of the first chunk whose last entry is not below (key, record); the chunk count when all are below. */
  #chunkFor(key: string, record: number): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      const chunk = this.#chunks[middle]!
      const last = chunk.keys.length - 1
      if (below(chunk.keys[last]!, chunk.records[last]!, key, record)) low = middle + 1
      else high = middle
    }
    return low
  }

  #split(index: number): void {
    const chunk = this.#chunks[index]!
    // An ever-growing key (dates, counters, ObjectIds) fills the last chunk: leave it full and start a new one.
    const at = index === this.#chunks.length - 1 ? MAX_CHUNK - 32 : chunk.keys.length >> 1
    const right = { keys: chunk.keys.splice(at), records: chunk.records.splice(at) }
    this.#chunks.splice(index + 1, 0, right)
  }

  #merge(index: number): void {
    const chunk = this.#chunks[index]!
    if (chunk.keys.length === 0) {
      this.#chunks.splice(index, 1)
      return
    }
    const left = index > 0 ? index - 1 : index
    const one = this.#chunks[left]!
    const two = this.#chunks[left + 1]
    if (!two || one.keys.length + two.keys.length > (MAX_CHUNK * 3) >> 2) return
    one.keys.push(...two.keys)
    one.records.push(...two.records)
    this.#chunks.splice(left + 1, 1)
  }
}

// internals

const MAX_CHUNK = 512

interface Chunk {
  keys: string[]
  records: number[]
}

function below(key: string, record: number, otherKey: string, otherRecord: number): boolean {
  return key < otherKey || (key === otherKey && record < otherRecord)
}

/** Index of the first entry that is not below (key, record). */
function position(chunk: Chunk, key: string, record: number): number {
  let low = 0
  let high = chunk.keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (below(chunk.keys[middle]!, chunk.records[middle]!, key, record)) low = middle + 1
    else high = middle
  }
  return low
}

function sortedOrder(keys: string[], records: number[]): Uint32Array {
  const order = new Uint32Array(keys.length)
  let sorted = true
  for (let at = 0; at < order.length; at++) {
    order[at] = at
    if (at > 0 && !below(keys[at - 1]!, records[at - 1]!, keys[at]!, records[at]!)) sorted = false
  }
  // Dates, counters and ObjectIds come in their order.
  if (sorted) return order
  return order.sort((a, b) => {
    const left = keys[a]!
    const right = keys[b]!
    return left < right ? -1 : left > right ? 1 : records[a]! - records[b]!
  })
}
