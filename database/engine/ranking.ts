/** Keeps the first n items of an order without keeping the others; equal items stay in the order they came. */
export class Ranking<T> {
  readonly #count: number
  readonly #order: (a: T, b: T) => number
  #items: T[] = []
  /** The last of a full house: what does not come before it need not enter. */
  #last: T | undefined

  constructor(count: number, order: (a: T, b: T) => number) {
    this.#count = count
    this.#order = order
  }

  add(item: T): void {
    if (this.#last !== undefined && this.#order(item, this.#last) >= 0) return
    this.#items.push(item)
    if (this.#items.length >= this.#count * 2 + SLACK) this.#cut()
  }

  /** The items kept so far, in order. */
  ranked(): T[] {
    this.#cut()
    return this.#items.slice()
  }

  #cut(): void {
    this.#items.sort(this.#order)
    if (this.#items.length < this.#count) return
    this.#items.length = this.#count
    this.#last = this.#items[this.#count - 1]
  }
}

// internals

const SLACK = 16
