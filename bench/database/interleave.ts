/** Two things measured side by side: short stretches of each in turn, so that a busy machine slows both. */
import { median } from '../measure.ts'

/** One operation, awaited; `n` counts up and picks what it works on. */
export type Operation = (n: number) => unknown

export interface Compared {
  /** Microseconds of one operation. */
  ours: number
  other: number
  /** Median of the ratios of each repeat. */
  ratio: number
}

/** How long a side is measured in each repeat, in milliseconds. */
const BUDGET = 120
/** In how many stretches: short ones, unless another thread has to wake up first. */
const STRETCHES = { stretch: 24, call: 6 }
/** Milliseconds before anything counts. The driver is much code: it takes some ten thousand calls until it is compiled. */
const WARM_UP = { stretch: 2 * BUDGET, call: 2000 }
/** Milliseconds after which a repeat begins no further stretch: one operation may take a second. */
const PATIENCE = 1000

/**
 * @param repeats each gives one ratio
 * @param by `stretch`: the median stretch of some milliseconds, garbage collection included. `call`: the median call,
 * for what waits for another thread, and on a busy machine for a processor
 */
export async function interleave(
  ours: Operation,
  other: Operation,
  repeats: number,
  by: 'stretch' | 'call' = 'stretch',
): Promise<Compared> {
  const stretchMs = BUDGET / STRETCHES[by]
  const warm = (side: Operation) => Side.warmed(side, stretchMs, WARM_UP[by])
  const sides = [await warm(ours), await warm(other)] as const
  const times: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < repeats; repeat++) {
    const spent: [number[], number[]] = [[], []]
    const end = performance.now() + PATIENCE
    for (let stretch = 0; stretch < STRETCHES[by] && (stretch === 0 || performance.now() < end); stretch++) {
      for (const at of stretch % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        spent[at].push(...(await (by === 'stretch' ? sides[at].stretch() : sides[at].calls())))
      }
    }
    times[0].push(median(spent[0]) * 1000)
    times[1].push(median(spent[1]) * 1000)
  }
  const ratios = times[0].map((micros, repeat) => micros / times[1][repeat]!)
  return { ours: median(times[0]), other: median(times[1]), ratio: median(ratios) }
}

/** Median time of something that is done once in each repeat, in milliseconds. */
export async function repeated(repeats: number, work: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) times.push(await work())
  return median(times)
}

/** Milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

// internals

class Side {
  readonly #run: Operation
  #next = 0
  /** Operations of one stretch. */
  #count = 1

  private constructor(run: Operation) {
    this.#run = run
  }

  /** Runs it until it is compiled, and long enough to know how many make a stretch. */
  static async warmed(run: Operation, stretchMs: number, warmUpMs: number): Promise<Side> {
    const side = new Side(run)
    for (let total = 0, ms = 0; total < warmUpMs; total += ms) {
      ms = (await side.stretch())[0]! * side.#count
      const fitting = Math.round(side.#count * (stretchMs / Math.max(ms, 0.01)))
      side.#count = Math.max(1, Math.min(fitting, side.#count * 4))
    }
    return side
  }

  /** Milliseconds of one operation, on average. */
  async stretch(): Promise<number[]> {
    const ms = await timed(async () => {
      for (let n = 0; n < this.#count; n++) await this.#run(this.#next++)
    })
    return [ms / this.#count]
  }

  /** Milliseconds of each operation. */
  async calls(): Promise<number[]> {
    const times: number[] = []
    for (let n = 0; n < this.#count; n++) times.push(await timed(() => this.#run(this.#next++)))
    return times
  }
}
