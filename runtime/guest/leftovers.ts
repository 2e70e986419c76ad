/**
 * Work that outlives the return of a call. Some providers freeze the instance then, so that such work stands still
 * until the next call (spec/runtime.md §3, point 7); here it goes on, with a warning where it would not.
 */
import type { GuestRuntime } from './guest-context.ts'

/** Calls after which to look each time; the list of active resources costs some microseconds. */
const firstCalls = 20
/** How often to look after those. */
const minimumGapMs = 200

/** What may be on its way: timers that hold the process, lookups, connects, file operations. */
const kinds = ['Timeout', 'FSReqPromise', 'FSReqCallback', 'GetAddrInfoReqWrap', 'TCPConnectWrap']

const descriptions: Record<string, string> = {
  Timeout: 'a timer',
  FSReqPromise: 'a file operation',
  FSReqCallback: 'a file operation',
  GetAddrInfoReqWrap: 'a network request',
  TCPConnectWrap: 'a network request',
  bridge: 'a request to the space (database, function call, storage)',
}

export class Leftovers {
  readonly #runtime: GuestRuntime
  #looks = 0
  #lastLook = Number.NEGATIVE_INFINITY
  #before: number | undefined
  #warned = false

  constructor(runtime: GuestRuntime) {
    this.#runtime = runtime
  }

  /** Before a call starts in an idle instance: what is there already is not its doing. */
  callStarts(): void {
    this.#before = this.#due() ? activeResources().length : undefined
  }

  /**
   * After the last running call returned.
   * @param openRequests requests to the host without an answer
   */
  callReturned(openRequests: number): void {
    if (this.#before === undefined) return
    this.#looks++
    this.#lastLook = performance.now()
    const active = openRequests > 0 ? ['bridge'] : activeResources()
    if (openRequests === 0 && active.length <= this.#before) return
    this.#warned = true
    const kind = active.at(-1) ?? ''
    this.#runtime.warnOnce(
      'leftovers',
      `[${this.#runtime.entry.name}] ${descriptions[kind] ?? 'work'} goes on after the return; ` +
        `${this.#runtime.space.provider} freezes the instance at that moment: await it before returning`,
    )
  }

  // internals

  #due(): boolean {
    if (this.#warned) return false
    return this.#looks < firstCalls || performance.now() - this.#lastLook >= minimumGapMs
  }
}

/** Whether anything but idle connections is going on in this thread or process. */
export function activeResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind))
}
