import type { LmdbRoot } from './environment.ts'

/** What becomes of transactions; see {@link WriteQueue}. */
export interface Outcome {
  /** One work has thrown: what it wrote is given up, inside the transaction of the others. */
  undone(): void
  /** One work is done, and only a failure of the whole transaction can undo it. */
  kept(): void
  /** Readers see everything that was written. */
  visible(): void
  /** The whole transaction came to nothing. */
  failed(): void
}

/**
 * Runs works that write, in the order they come, each as a whole or not at all. Those that have come together share one
 * transaction of lmdb, which is committed on a thread of its own: meanwhile everything else goes on.
 */
export class WriteQueue {
  readonly #root: LmdbRoot
  readonly #outcome: Outcome
  #jobs: Job[] = []
  #running: Promise<void> | undefined
  #unsettled: Promise<void> | undefined
  #writing = false

  constructor(root: LmdbRoot, outcome: Outcome) {
    this.#root = root
    this.#outcome = outcome
  }

  /** True while a work runs. */
  get writing(): boolean {
    return this.#writing
  }

  /** Set from the time works have run until readers see what they wrote. */
  get unsettled(): Promise<void> | undefined {
    return this.#unsettled
  }

  /** True when nothing is waiting. */
  get empty(): boolean {
    return this.#jobs.length === 0
  }

  /**
   * @param done gets the result when readers can see what was written, before anybody reads
   * @returns rejects with what the work has thrown, or with the reason the commit failed for
   */
  write<T>(work: () => T, done: (result: T) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let result: T | undefined
      this.#jobs.push({
        run: () => {
          result = this.#root.childTransaction(work)
        },
        settle: () => done(result as T),
        resolve,
        reject,
      })
      this.#running ??= this.#drain()
    })
  }

  /** Resolves when there is nothing left to do. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  // internals

  async #drain(): Promise<void> {
    while (this.#jobs.length > 0) await this.#transaction()
    this.#running = undefined
  }

  async #transaction(): Promise<void> {
    let good: Job[] = []
    let settled = () => {}
    let failure: { readonly error: unknown } | undefined
    try {
      await this.#root.transaction(() => {
        this.#unsettled = new Promise((resolve) => {
          settled = resolve
        })
        good = this.#runAll()
      })
      this.#outcome.visible()
    } catch (error) {
      failure = { error: await reasonOf(error) }
      this.#outcome.failed()
    }
    for (const job of good) {
      if (failure) job.reject(failure.error)
      else finish(job)
    }
    this.#unsettled = undefined
    settled()
  }

  /** Whoever fails is told at once; the others are told when their work can be seen. */
  #runAll(): Job[] {
    const jobs = this.#jobs
    this.#jobs = []
    return jobs.filter((job) => {
      this.#writing = true
      try {
        job.run()
        this.#outcome.kept()
        return true
      } catch (error) {
        this.#outcome.undone()
        job.reject(error)
        return false
      } finally {
        this.#writing = false
      }
    })
  }
}

// internals

/** The commit is made, whatever those say who are told of it. */
function finish(job: Job): void {
  try {
    job.settle()
    job.resolve()
  } catch (error) {
    job.reject(error)
  }
}

/** Lmdb gives the reason for a failed commit by a promise, which may never be kept. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> }
  if (!commitError) return error
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(error), PATIENCE_MS)
  })
  const reason = commitError.then(
    () => error,
    (cause: unknown) => cause,
  )
  try {
    return await Promise.race([reason, late])
  } finally {
    clearTimeout(timer)
  }
}

const PATIENCE_MS = 1000

interface Job {
  run(): void
  settle(): void
  resolve(): void
  reject(error: unknown): void
}
