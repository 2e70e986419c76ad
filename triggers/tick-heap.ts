/** What waits for an instant. */
export interface Waiting {
  /** Epoch milliseconds. */
  at: number
}

/** A binary heap by instant: a thousand timers due in one second cost a thousand logarithms, not a thousand scans. */
export class TickHeap<T extends Waiting> {
  readonly #items: T[] = []

  /** @param items those without an instant to come (`Infinity`) are left out */
  constructor(items: Iterable<T> = []) {
    for (const item of items) this.push(item)
  }

  /** The earliest item. */
  get first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    if (item.at === Number.POSITIVE_INFINITY) return
    const items = this.#items
    let index = items.length
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = items[parentIndex] as T
      if (parent.at <= item.at) break
      items[index] = parent
      index = parentIndex
    }
    items[index] = item
  }

  /** Takes the earliest item out. */
  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    let index = 0
    for (;;) {
      let childIndex = index * 2 + 1
      if (childIndex >= items.length) break
      if (childIndex + 1 < items.length && (items[childIndex + 1] as T).at < (items[childIndex] as T).at) {
        childIndex += 1
      }
      const child = items[childIndex] as T
      if (child.at >= last.at) break
      items[index] = child
      index = childIndex
    }
    items[index] = last
    return first
  }
}
