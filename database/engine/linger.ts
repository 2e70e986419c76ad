/**
 * Keeps a thread awake for a moment after it has sent something: an answer often comes within microseconds, and to wake
 * a thread that sleeps on another processor takes longer than that. It stops where this is in vain, as it is when both
 * ends share a processor or questions are rare: when nothing has come, it lets ever more of them pass before it tries
 * again. The event loop goes round meanwhile, so that nothing else has to wait. Real time on purpose: this is about the
 * processor.
 */
export class Linger {
  #awake = false
  #until = 0
  #rounds = 0
  /** Something has come while it was awake. */
  #met = false
  /** How often in a row nothing has. */
  #vain = 0
  /** Times to sleep before it tries again. */
  #passing = 0

  /** To be told of whatever is sent. */
  sent(): void {
    if (!this.#awake && this.#passing > 0) {
      this.#passing--
      return
    }
    this.#until = performance.now() + LINGER_MS
    this.#rounds = 0
    if (this.#awake) return
    this.#awake = true
    this.#met = false
    setImmediate(this.#turn)
  }

  /** To be told of whatever comes. */
  received(): void {
    this.#met = true
  }

  /** There is nothing to wait for. */
  rest(): void {
    this.#until = 0
  }

  // internals

  readonly #turn = (): void => {
    // Counted as well, for a clock that somebody holds.
    if (performance.now() < this.#until && ++this.#rounds < MOST_ROUNDS) {
      setImmediate(this.#turn)
      return
    }
    this.#awake = false
    this.#vain = this.#met ? 0 : Math.min(this.#vain + 1, MOST_VAIN)
    this.#passing = this.#vain === 0 ? 0 : 2 ** this.#vain
  }
}

// internals

/** To wake the other thread takes some 25 µs, and a look-up and what is done with it take as long again. */
const LINGER_MS = 0.06
const MOST_ROUNDS = 500
/** One in 128 finds out whether it is worth it by now. */
const MOST_VAIN = 7
