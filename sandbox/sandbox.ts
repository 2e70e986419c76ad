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
  /** State, faults, clock and keys, for code in the same process. @throws LocalError DATA_UNUSABLE */
  open(): Promise<Simulator>
  close(): Promise<void>
}

/** Cheap: keys, state and platforms are loaded with the first request, or when notifications of a former run wait. */
export function createSandbox(options: SandboxOptions): Sandbox {
  return new LazySandbox(options)
}

// internals

class LazySandbox implements Sandbox {
  readonly #options: SandboxOptions
  #simulator: Promise<Simulator> | undefined
  #front: Promise<Front> | undefined

  constructor(options: SandboxOptions) {
    this.#options = options
    if (existsSync(path.join(options.directory, 'state'))) {
      this.open().catch((error: Error) => options.log({ level: 'error', text: `sandbox: ${error.message}` }))
    }
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
    this.#front ??= this.#load()
    await (await this.#front).handle(req, res)
  }

  open(): Promise<Simulator> {
    this.#simulator ??= this.#openSimulator()
    return this.#simulator
  }

  async close(): Promise<void> {
    const simulator = await this.#simulator?.catch(() => undefined)
    await simulator?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // internals

  #publicUrl(): string {
    const { publicUrl } = this.#options
    return (typeof publicUrl === 'string' ? publicUrl : publicUrl()).replace(/\/+$/, '')
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
