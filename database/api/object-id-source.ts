/**
 * Generated ids. aliyun's are ObjectIds: 8 hex digits of seconds, 10 random per process, 6 of a counter, and they
 * grow strictly within one store (spec/database.md §5).
 */
import { randomBytes } from 'node:crypto'

/** What the id source needs of the space's clock. */
export interface Now {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

/**
 * State that several instances may share so that ids grow across all of them: hand the same object (its memory is a
 * SharedArrayBuffer, so it survives a post to a worker thread) to every `ObjectIdSource` of one store.
 */
export interface SharedIdState {
  /** 8 bytes: seconds and counter of the last id. */
  last: SharedArrayBuffer
  /** 10 hex digits. */
  process: string
}

/** A fresh state: a random process part, and a counter that starts at random as the drivers' do. */
export function createSharedIdState(): SharedIdState {
  const last = new SharedArrayBuffer(8)
  // The lower half of the range: a counter that wraps within its first second would have to borrow seconds.
  new BigInt64Array(last)[0] = BigInt(randomBytes(3).readUIntBE(0, 3) >> 1)
  return { last, process: randomBytes(5).toString('hex') }
}

export class ObjectIdSource {
  readonly #clock: Now
  readonly #process: string
  readonly #last: BigInt64Array

  constructor(clock: Now, state: SharedIdState = createSharedIdState()) {
    this.#clock = clock
    this.#process = state.process
    this.#last = new BigInt64Array(state.last)
  }

  /** The next id: 24 lower-case hex digits, greater than any before it, also when the clock is set back. */
  next(): string {
    const seconds = BigInt(Math.floor(this.#clock.now() / 1000))
    for (;;) {
      const last = Atomics.load(this.#last, 0)
      const count = last + 1n
      const next = count >> 24n >= seconds ? count : (seconds << 24n) | (count & 0xffffffn)
      if (Atomics.compareExchange(this.#last, 0, last, next) !== last) continue
      const hex = next.toString(16).padStart(14, '0')
      return hex.slice(0, 8) + this.#process + hex.slice(8)
    }
  }
}

/** tencent's generated ids: 32 hex digits in no order. */
export function randomId(): string {
  return randomBytes(16).toString('hex')
}
