/**
 * Holds threads to their `memorySize`. V8's own limit cannot: when one large object does not fit below it (a list that
 * doubles, a map that grows), V8 ends the whole process, and buffers do not count for it at all. So V8's limit is set
 * far above `memorySize`, and whenever the process grows, the busy threads are asked over the inspector protocol what
 * they use; they answer even from inside a loop without end.
 */
import { Session } from 'node:inspector'
import type { Carrier } from './carrier.ts'

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
/** A session that had nothing to report is closed after this long. */
const quietMs = 2000

export class MemoryWatch {
  readonly #carriers: () => Iterable<Carrier>
  /** Resident bytes from which growth counts. */
  #floor = process.memoryUsage.rss()
  #session: ThreadSession | undefined
  #nextLook = Number.POSITIVE_INFINITY
  #quietAt = 0

  /** @param carriers those that run user code now */
  constructor(carriers: () => Iterable<Carrier>) {
    this.#carriers = carriers
  }

  /** To be called often while user code may run. */
  tick(now: number): void {
    const resident = process.memoryUsage.rss()
    if (resident < this.#floor) this.#floor = resident
    if (resident - this.#floor >= growth || now >= this.#nextLook) {
      this.#floor = resident
      this.#look(now)
    } else if (this.#session && now > this.#quietAt) this.close()
  }

  close(): void {
    this.#session?.close()
    this.#session = undefined
    this.#nextLook = Number.POSITIVE_INFINITY
  }

  // internals

  #look(now: number): void {
    this.#nextLook = Number.POSITIVE_INFINITY
    this.#quietAt = now + quietMs
    this.#session ??= new ThreadSession()
    for (const { memory } of this.#carriers()) {
      if (memory) this.#session.ask(memory.threadId, memory.limitMB, (usedMB) => this.#judge(memory, usedMB))
    }
  }

  #judge(memory: WatchedMemory, usedMB: number): void {
    if (usedMB > memory.limitMB) memory.exceeded()
    else if (usedMB > memory.limitMB / 2) this.#nextLook = performance.now() + closeLookMs
  }
}

// internals

/** Asks threads of this process for their memory, through one inspector session. */
class ThreadSession {
  readonly #session = new Session()
  /** Inspector sessions by thread. */
  readonly #sessions = new Map<number, string>()
  /** Questions without an answer, by inspector session. */
  readonly #open = new Map<string, (usedMB: number) => void>()
  /** Asked before the inspector had attached to the thread. */
  readonly #early = new Map<number, () => void>()

  constructor() {
    this.#session.connect()
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // `workerId` is a number of the inspector's own; the thread's stands in the title.
      const threadId = Number(/^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1])
      this.#sessions.set(threadId, params.sessionId)
      this.#early.get(threadId)?.()
      this.#early.delete(threadId)
    })
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      this.#receive(params.sessionId, params.message)
    })
    // Where the host itself is a thread there is no such domain, and memory is left to V8.
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {})
  }

  /** One question per thread at a time: a thread that cannot answer yet is not asked again. */
  ask(threadId: number, limitMB: number, answer: (usedMB: number) => void): void {
    const sessionId = this.#sessions.get(threadId)
    if (sessionId === undefined) {
      this.#early.set(threadId, () => this.ask(threadId, limitMB, answer))
      return
    }
    if (this.#open.has(sessionId)) return
    this.#open.set(sessionId, answer)
    const message = JSON.stringify({
      id: 1,
      method: 'Runtime.evaluate',
      params: { expression: `(${usedMemory})(${limitMB * 1024 * 1024})`, returnByValue: true },
    })
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
      if (error) this.#open.delete(sessionId)
    })
  }

  close(): void {
    this.#session.disconnect()
  }

  #receive(sessionId: string, message: string): void {
    const { result } = JSON.parse(message) as { result?: { result?: { value?: unknown } } }
    const answer = this.#open.get(sessionId)
    this.#open.delete(sessionId)
    const used = result?.result?.value
    if (typeof used === 'number') answer?.(used / 1024 / 1024)
  }
}

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
