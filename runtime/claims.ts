/**
 * Calls an instance was sent and may not have started. Whoever claims such a call first has it: the instance when it
 * starts the call, or the host when it takes the call back. Both do it in shared memory, so that even an instance in
 * an endless loop, or one that has just ended, keeps nothing it has not started.
 *
 * A function whose calls take microseconds would wait for the next one most of its time, so the host sends a few ahead;
 * the instance runs them one after the other as ever, and where one turns out slow the others are taken back.
 */
export class Claims {
  /** What the other side builds its own view of. */
  readonly memory: SharedArrayBuffer
  readonly #slots: Int32Array
  #last = 0

  constructor(memory = new SharedArrayBuffer(slotCount * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#slots = new Int32Array(memory)
  }

  /** Host: opens a call for claiming; the slot travels with it. */
  open(id: number): number {
    const slot = this.#last++ % slotCount
    Atomics.store(this.#slots, slot, marked(id))
    return slot
  }

  /** Either side; true for the one that comes first. */
  take(slot: number, id: number): boolean {
    const mark = marked(id)
    return Atomics.compareExchange(this.#slots, slot, mark, 0) === mark
  }
}

/** Calls an instance may hold that it has not started. */
export const maxAhead = 16

// internals

/** More than any `concurrency` and `maxAhead` together: a slot comes round again only after its call is long gone. */
const slotCount = 256

/** The number itself says which call a slot is for, so that a stale message cannot claim another's. 0 is nobody. */
function marked(id: number): number {
  return (id % 0x7fffffff) + 1
}
