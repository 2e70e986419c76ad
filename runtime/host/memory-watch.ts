/**
 * Holds threads to their `memorySize`. V8's own limit cannot: when one large object does not fit below it (a list that
 * doubles, a map that grows), V8 ends the whole process, and buffers do not count for it at all. So V8's limit is set
 * far above `memorySize`, and whenever the process grows, the busy threads are asked over the inspector protocol what
 * they use; they answer even from inside a loop without end.
 */
import type { Carrier } from './carrier.ts'
import { ThreadInspector } from './thread-inspector.ts'

/** What a carrier lets the watch know; present where a heap shares the process with others. */
export interface WatchedMemory {
  /** As the inspector names it. */
  readonly threadId: number
  readonly limitMB: number
  /** The thread uses more than its limit, after a garbage collection. */
  exceeded(): void
}

/** V8's limit lies this much above `memorySize`: room for what is allocated between two looks. */
export const memoryHeadroomMB = 768

/** Growth of the process that is worth a look, in bytes. */
const growth = 48 * 1024 * 1024
/** After a look that found a thread past half its limit the next one follows anyway. */
const closeLookMs = 40

export class MemoryWatch {
  readonly #carriers: () => Iterable<Carrier>
  /** Resident bytes from which growth counts. */
  #floor = process.memoryUsage.rss()
  #nextLook = Number.POSITIVE_INFINITY

  /** @param carriers those that run user code now */
  constructor(carriers: () => Iterable<Carrier>) {
    this.#carriers = carriers
  }

  /** To be called often while user code may run. */
  tick(now: number): void {
    const resident = process.memoryUsage.rss()
    if (resident < this.#floor) this.#floor = resident
    if (resident - this.#floor < growth && now < this.#nextLook) return
    this.#floor = resident
    this.#look()
  }

  // internals

  #look(): void {
    this.#nextLook = Number.POSITIVE_INFINITY
    for (const { memory } of this.#carriers()) {
      if (!memory) continue
      const expression = `(${usedMemory})(${memory.limitMB * 1024 * 1024})`
      ThreadInspector.get().ask(memory.threadId, expression, (used) => {
        if (typeof used === 'number') this.#judge(memory, used / 1024 / 1024)
      })
    }
  }

  #judge(memory: WatchedMemory, usedMB: number): void {
    if (usedMB > memory.limitMB) memory.exceeded()
    else if (usedMB > memory.limitMB / 2) this.#nextLook = performance.now() + closeLookMs
  }
}

// internals

/**
 * Runs inside the thread, between two instructions of user code: bytes it really needs. What looks like too much may be
 * garbage that V8, far from its own limit, has not collected yet.
 */
const usedMemory = `(limit) => {
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  if (used() <= limit) return used()
  const v8 = process.getBuiltinModule('v8')
  v8.setFlagsFromString('--expose-gc')
  process.getBuiltinModule('vm').runInNewContext('gc')()
  v8.setFlagsFromString('--no-expose-gc')
  return used()
}`
