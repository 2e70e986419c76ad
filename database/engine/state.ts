import type { Clock } from '../../clock/clock.ts'
import { Catalog } from './catalog.ts'
import { ChangeFeed } from './change-feed.ts'
import { Cursors } from './cursors.ts'
import type { Store } from './store/contract.ts'
import { Sessions } from './transactions/sessions.ts'
import { Transactions } from './transactions/transactions.ts'

/** Everything one engine owns. */
export class EngineState {
  readonly store: Store
  readonly clock: Clock
  readonly catalog: Catalog
  readonly transactions: Transactions
  readonly sessions: Sessions
  readonly cursors: Cursors
  readonly feed: ChangeFeed
  /** Allows `$where`. */
  readonly javascript: boolean

  constructor(store: Store, clock: Clock, javascript: boolean) {
    this.javascript = javascript
    this.store = store
    this.clock = clock
    this.catalog = new Catalog(store)
    this.transactions = new Transactions(this.catalog, clock)
    this.sessions = new Sessions(this.transactions, clock, store.retries)
    this.cursors = new Cursors(clock)
    this.feed = new ChangeFeed(store.sequence)
  }
}
