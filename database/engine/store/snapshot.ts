/**
 * The state of a store at one moment, which later commits do not change: what a paused reader goes on with. Only stores
 * whose documents are not in memory have them; readers of the others keep references to what they still need.
 */
export interface Snapshot extends Disposable {
  /** Number of the last commit it contains. */
  readonly sequence: number
}

/** Where a reader is: it reads what is there now, until it is given a snapshot in the middle of its reading. */
export interface Reader {
  readonly snapshot: Snapshot | undefined
}
