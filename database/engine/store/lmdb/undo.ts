import type { LmdbCollection } from './lmdb-collection.ts'
import type { Waste } from './sweeper.ts'

/** What a work has changed in memory. */
export class Undo {
  readonly touched = new Set<LmdbCollection>()
  readonly waste: Waste[] = []
  readonly #steps: (() => void)[] = []

  add(step: () => void): void {
    this.#steps.push(step)
  }

  /** Takes over what a part has noted, which is empty then. */
  adopt(part: Undo): void {
    for (const collection of part.touched) this.touched.add(collection)
    this.waste.push(...part.waste.splice(0))
    this.#steps.push(...part.#steps.splice(0))
    part.touched.clear()
  }

  run(): void {
    for (const step of this.#steps.reverse()) step()
    this.#steps.length = 0
  }
}
