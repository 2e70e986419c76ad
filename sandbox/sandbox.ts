/**
 * The payment sandbox: simulated platforms behind HTTP. It knows nothing of the runtime; whoever mounts it sends it the
 * requests below `MOUNT`, and those for the platforms' own hosts.
 */
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import type { Clock } from '../clock/clock.ts'
import type { LogLine } from './core/call-log.ts'
import type { Deliver } from './core/delivery.ts'
import type { Order } from './core/order.ts'
import type { Settings } from './core/settings.ts'
import type { Simulator } from './core/simulator.ts'
import { wholeStory } from './core/unusable.ts'
import type { Front } from './front.ts'
import { isForPlatform, MOUNT, platformHostMap } from './hosts.ts'
import type { Seed } from './keys/key-keeper.ts'

export { MOUNT }

export interface SandboxOptions {
  /** Keys and state are kept here. */
  directory: string
  /** The space's clock. */
  clock: Clock
  /** One line for each API call, notification and fault. */
  log(line: LogLine): void
  /** `http://HOST:PORT` under which `MOUNT` is reached; asked each time, since a port may be known late. */
  publicUrl: string | (() => string)
  /** How notifications are sent; default: HTTP, to this machine only. */
  deliver?: Deliver
  /** Which merchants and keys there are; default: of this space alone. */
  seed?: Seed
  settings?: Partial<Settings>
  /** Asked of the control API and the pages where others can reach them. */
  accessToken?: () => string | undefined
}

export interface Sandbox extends AsyncDisposable {
  /** Answers a request that `claims` or that is below `MOUNT`. */
  handler(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** Whether a request is for a platform's host (by `Host` or `x-forwarded-host`) or below `MOUNT`. */
  claims(req: IncomingMessage): boolean
  /** Platform host -> base address that stands in for it; path and query are appended as they are. */
  hostMap(): Record<string, string>
  /** State, faults, clock and keys, for code in the same process. @throws LocalError DATA_UNUSABLE, DATA_IN_USE */
  open(): Promise<Simulator>
  close(): Promise<void>
}

/**
 * Cheap: keys, state and platforms are loaded with the first request, or when notifications of a former run wait. When
 * they cannot be, requests are told why, and each next one tries again.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  return new LazySandbox(options)
}

// internals

class LazySandbox implements Sandbox {
  readonly #options: SandboxOptions
  #simulator: Promise<Simulator> | undefined
  #front: Promise<Front> | undefined
  /** What keeps it from being opened, as it was last said. */
  #problem: string | undefined

  constructor(options: SandboxOptions) {
    this.#options = options
    if (existsSync(path.join(options.directory, 'state')))
      this.open().catch((error: Error) => this.#say(error))
  }

  claims(req: IncomingMessage): boolean {
    const { url = '', headers } = req
    if (url.startsWith(MOUNT) && /^[/?]?$/.test(url[MOUNT.length] ?? '')) return true
    return isForPlatform(headers)
  }

  hostMap(): Record<string, string> {
    return platformHostMap(this.#publicUrl())
  }

  async handler(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let front: Front
    try {
      front = await this.#loaded()
    } catch (error) {
      this.#say(error as Error)
      const { answerUnusable } = await import('./out-of-order.ts')
      return answerUnusable(req, res, error as Error, this.#options.accessToken?.())
    }
    await front.handle(req, res)
  }

  open(): Promise<Simulator> {
    if (this.#simulator) return this.#simulator
    const opening = this.#openSimulator()
    this.#simulator = opening
    opening.then(
      () => {
        if (this.#problem !== undefined) this.#options.log({ level: 'info', text: 'sandbox: usable again' })
        this.#problem = undefined
      },
      // What stood against it may be gone when somebody next asks.
      () => {
        if (this.#simulator === opening) this.#simulator = undefined
      },
    )
    return opening
  }

  async close(): Promise<void> {
    const simulator = await this.#simulator?.catch(() => undefined)
    // Whoever closes has more to close; what could not be written is said.
    await simulator?.close().catch((error: Error) => this.#say(error))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // internals

  #publicUrl(): string {
    const { publicUrl } = this.#options
    return (typeof publicUrl === 'string' ? publicUrl : publicUrl()).replace(/\/+$/, '')
  }

  /** Once for each problem, however many requests run into it. */
  #say(error: Error): void {
    const text = wholeStory(error)
    if (text === this.#problem) return
    this.#problem = text
    this.#options.log({ level: 'error', text: `sandbox: ${text}` })
  }

  #loaded(): Promise<Front> {
    if (this.#front) return this.#front
    const loading = this.#load()
    this.#front = loading
    loading.catch(() => {
      if (this.#front === loading) this.#front = undefined
    })
    return loading
  }

  async #load(): Promise<Front> {
    const { Front } = await import('./front.ts')
    const { accessToken } = this.#options
    return new Front(await this.open(), { mount: MOUNT, accessToken: accessToken ?? (() => undefined) })
  }

  async #openSimulator(): Promise<Simulator> {
    const { Simulator } = await import('./core/simulator.ts')
    const { deliverOverHttp } = await import('./core/delivery.ts')
    const { directory, clock, log, deliver = deliverOverHttp, seed = 'space', settings = {} } = this.#options
    const publicUrl = (): string => this.#publicUrl()
    const cashierUrl = (order: Pick<Order, 'token'>): string => `${publicUrl()}${MOUNT}/pay/${order.token}`
    return Simulator.open({ directory, clock, log, publicUrl, cashierUrl, deliver, seed, settings })
  }
}
