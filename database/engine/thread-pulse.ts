/**
 * Notices a database thread that answers nobody: a regular expression that backtracks without end cannot be interrupted
 * from inside, and everybody would wait for it without a word.
 */
export class ThreadPulse implements Disposable {
  readonly #timer: NodeJS.Timeout
  /** Beats since the question that is still open; counted, as a machine that slept has skipped time and no beats. */
  #silent: number | undefined

  /**
   * @param ask resolves when the thread has heard it
   * @param warn gets one line when the thread has been deaf for two beats
   */
  constructor(ask: () => Promise<void>, warn: (text: string) => void, everyMs = 5_000) {
    this.#timer = setInterval(() => {
      if (this.#silent === undefined) {
        this.#silent = 0
        void ask().then(() => (this.#silent = undefined))
      } else if (++this.#silent === 2) warn(deaf((2 * everyMs) / 1000))
    }, everyMs)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

// internals

function deaf(seconds: number): string {
  return (
    `The database has worked on one operation for ${seconds} s and answers nobody meanwhile: a write to very many ` +
    'documents ends by itself, a regular expression that backtracks, such as (x+x+)+y, may not. ' +
    'Starting again helps; nothing that was acknowledged is lost.'
  )
}
