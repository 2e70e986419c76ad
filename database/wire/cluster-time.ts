import { Binary, Long, Timestamp } from 'bson'
import type { Clock } from '../../clock/clock.ts'
import type { Store } from '../engine/store/contract.ts'
import type { Doc } from '../engine/values/types.ts'

/**
 * The logical time replies carry: seconds of the space's clock, which never go back, and the number of the last
 * commit (spec/embedded-database.md §12).
 */
export class ClusterTime {
  readonly #store: Store
  readonly #clock: Clock
  #seconds = 0

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  now(): Timestamp {
    this.#seconds = Math.max(this.#seconds, Math.floor(this.#clock.now() / 1000))
    return new Timestamp({ t: this.#seconds, i: (this.#store.sequence + 1) >>> 0 })
  }

  /** The members every reply ends with. */
  fields(): Doc {
    const time = this.now()
    return { $clusterTime: { clusterTime: time, signature: UNSIGNED }, operationTime: time }
  }
}

// internals

const UNSIGNED = { hash: new Binary(new Uint8Array(20)), keyId: Long.ZERO }
