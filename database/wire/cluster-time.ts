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
  #time = new Timestamp({ t: 0, i: 0 })

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  now(): Timestamp {
    const seconds = Math.max(this.#time.t, Math.floor(this.#clock.now() / 1000))
    const increment = (this.#store.sequence + 1) >>> 0
    if (this.#time.t !== seconds || this.#time.i !== increment) {
      this.#time = new Timestamp({ t: seconds, i: increment })
    }
    return this.#time
  }

  /** The members every reply ends with. */
  fields(): Doc {
    return this.mark({})
  }

  /** Adds them to a reply. */
  mark(reply: Doc): Doc {
    const time = this.now()
    reply.$clusterTime = { clusterTime: time, signature: UNSIGNED }
    reply.operationTime = time
    return reply
  }
}

// internals

const UNSIGNED = { hash: new Binary(new Uint8Array(20)), keyId: Long.ZERO }
