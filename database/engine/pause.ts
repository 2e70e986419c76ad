import { fail } from './errors.ts'

/** What a stage of a pipeline passes on, between two documents, when others should get their turn. */
export const TURN: unique symbol = Symbol('turn')
export type Turn = typeof TURN

/** Says when others should get their turn. */
export interface Turns {
  due(): boolean
}

/** For those who cannot be interrupted. */
export const NO_TURNS: Turns = { due: () => false }

/** Looks at the clock only every so often: for loops whose rounds are short. */
export class SparseTurns implements Turns {
  readonly #turns: Turns
  #asked = 0

  constructor(turns: Turns) {
    this.#turns = turns
  }

  due(): boolean {
    return (++this.#asked & CHECK_MASK) === 0 && this.#turns.due()
  }
}

/** Whoever waits for a command. */
export interface Caller {
  readonly signal?: AbortSignal
}

/**
 * Keeps a long command from holding the engine's thread and from running past its time (spec/embedded-database.md
 * §11). Real time on purpose: this is about the processor, not about what the space believes the time to be.
 */
export class Pause implements Turns {
  readonly #sliced: boolean
  readonly #deadline: number
  readonly #caller: Caller
  readonly #closing: AbortSignal
  /** Set at the first look at the clock: most commands are done before. */
  #sliceEnd: number | undefined

  /**
   * @param sliced false for commands that must run to their end at once: writes, and everything in a transaction
   * @param caller may give up; only asked by commands that last, since most callers never make the signal otherwise
   * @param closing aborted when the database is closed
   */
  constructor(sliced: boolean, maxTimeMS: number | undefined, caller: Caller, closing: AbortSignal) {
    this.#closing = closing
    this.#sliced = sliced
    this.#deadline = maxTimeMS ? performance.now() + maxTimeMS : Number.POSITIVE_INFINITY
    this.#caller = caller
  }

  /**
   * True when others should get their turn: copy what must not change, then await {@link turn}.
   * @throws DatabaseError 50 when the time is up, 11601 when the caller has given up, 11600 when the database is closed
   */
  due(): boolean {
    const now = performance.now()
    this.#check(now)
    if (!this.#sliced) return false
    this.#sliceEnd ??= now + SLICE_MS
    return now > this.#sliceEnd
  }

  /** Lets the event loop go round once. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const now = performance.now()
    this.#check(now)
    this.#sliceEnd = now + SLICE_MS
  }

  /** Milliseconds until the time is up; Infinity without a limit. */
  get left(): number {
    return this.#deadline - performance.now()
  }

  // internals

  #check(now: number): void {
    if (now > this.#deadline) fail(50, 'operation exceeded time limit')
    if (this.#closing.aborted) fail(11600, 'the database is being closed')
    if (this.#caller.signal?.aborted) fail(11601, 'operation was interrupted')
  }
}

// internals

/** Every 64 rounds. */
const CHECK_MASK = 63
const SLICE_MS = 5
