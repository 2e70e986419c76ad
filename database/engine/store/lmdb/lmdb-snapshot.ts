import type { Snapshot } from '../snapshot.ts'
import type { LmdbRoot, LmdbTransaction } from './environment.ts'

/** A read transaction of lmdb that is held until it is given back: what it sees is not overwritten meanwhile. */
export class LmdbSnapshot implements Snapshot {
  readonly sequence: number
  /** As lmdb's reading methods take it. */
  readonly options: { readonly transaction: LmdbTransaction }
  #held = true

  constructor(root: LmdbRoot, sequence: number) {
    this.sequence = sequence
    this.options = { transaction: root.useReadTransaction() }
  }

  [Symbol.dispose](): void {
    if (this.#held) this.options.transaction.done()
    this.#held = false
  }
}
