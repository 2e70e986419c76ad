/**
 * The payment sandbox of a space: on its clock, in its log, below its data folder, reached through its gateway. Its code,
 * keys and state are loaded with the first request to a platform or to its pages; a project that never pays has none.
 */
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Seed } from '../sandbox/keys/key-keeper.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { SpaceOptions } from './config/options.ts'
import type { SandboxHttp } from './gateway/server.ts'
import type { Space } from './space-api.ts'

export interface PaymentSandbox extends SandboxHttp {
  /** The sandbox itself; created when first asked for. */
  get(): Promise<Sandbox>
  /** Created already, if it was. */
  readonly present: Promise<Sandbox> | undefined
  /** Goes on with what a former run left: notifications that wait, orders that expire. */
  resume(): void
  close(): Promise<void>
}

export interface PaymentSandboxOptions {
  /** Asked for by the control API and the pages, when others can reach the server. */
  token?: () => string | undefined
  /** The port that the project's configuration names, where the space listens at another. Default: the space's. */
  usualPort?: number
}

export function createPaymentSandbox(space: Space, options: PaymentSandboxOptions = {}): PaymentSandbox {
  return new SpaceSandbox(space, options)
}

/** Where a space keeps keys and state of its sandbox. */
export function sandboxFolder(options: Pick<SpaceOptions, 'data'>): string {
  return path.join(options.data, 'sandbox')
}

/** Which merchants there are, as the sandbox names them. */
export function seedOf({ sandboxKeys }: Pick<SpaceOptions, 'sandboxKeys'>): Seed {
  return sandboxKeys === 'published' ? 'vectors' : 'space'
}

/** The address that `sandbox keys` writes for a space that listens at its usual port. */
export function usualUrl(options: Pick<SpaceOptions, 'port'>): string {
  return `http://127.0.0.1:${options.port || 7100}`
}

// internals

class SpaceSandbox implements PaymentSandbox {
  readonly #space: Space
  readonly #options: PaymentSandboxOptions
  #sandbox: Promise<Sandbox> | undefined
  #closed = false

  constructor(space: Space, options: PaymentSandboxOptions) {
    this.#space = space
    this.#options = options
  }

  get present(): Promise<Sandbox> | undefined {
    return this.#sandbox
  }

  get(): Promise<Sandbox> {
    this.#sandbox ??= this.#create()
    return this.#sandbox
  }

  async handler(...[req, res]: Parameters<SandboxHttp['handler']>): Promise<void> {
    if (this.#closed) return void res.destroy()
    await (await this.get()).handler(req, res)
  }

  resume(): void {
    const state = path.join(sandboxFolder(this.#space.options), 'state')
    if (!existsSync(state) || this.#closed) return
    // Orders without their rows would only be reported to nobody.
    if (this.#space.options.database === 'memory') this.#forget(state)
    else void this.get()
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#sandbox)?.close()
  }

  // internals

  #forget(state: string): void {
    try {
      rmSync(state, { recursive: true, force: true })
    } catch (error) {
      const text = `sandbox: its former state cannot be removed: ${(error as Error).message}; delete ${state} yourself`
      this.#space.logs.append({ time: this.#space.clock.now(), level: 'warn', channel: 'system', text })
    }
  }

  async #create(): Promise<Sandbox> {
    const { createSandbox } = await import('../sandbox/sandbox.ts')
    const { deliverOverHttp } = await import('../sandbox/core/delivery.ts')
    const { clock, logs, options } = this.#space
    const { token } = this.#options
    return createSandbox({
      directory: sandboxFolder(options),
      clock,
      log: ({ level, text }) => void logs.append({ time: clock.now(), level, channel: 'system', text }),
      publicUrl: () => this.#publicUrl(),
      deliver: (outgoing, timeoutMs) =>
        deliverOverHttp({ ...outgoing, url: this.#ownAddress(outgoing.url) }, timeoutMs),
      ...(token ? { accessToken: token } : {}),
      seed: seedOf(options),
    })
  }

  #publicUrl(): string {
    return this.#space.publicUrl ?? usualUrl(this.#space.options)
  }

  /** A configuration names the space's usual address; with `--port 0` it listens elsewhere, and that is meant. */
  #ownAddress(url: string): string {
    const { origin } = new URL(url)
    const usual = new URL(usualUrl({ port: this.#options.usualPort ?? this.#space.options.port }))
    const own = this.#publicUrl()
    const isUsual = origin === usual.origin || origin === `http://localhost:${usual.port}`
    return isUsual && origin !== own ? own + url.slice(origin.length) : url
  }
}
