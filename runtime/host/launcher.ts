/** Starts what carries instances, and keeps one warm and empty thread or process in reserve. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SpaceOptions } from '../config/options.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { Carrier, CarrierOptions } from './carrier.ts'
import { ThreadCarrier } from './thread-carrier.ts'

export interface LauncherOptions {
  isolation: SpaceOptions['isolation']
  /** Memory of the spare one, in MB: the provider's default. */
  defaultMemoryMB: number
  env: Record<string, string>
}

/** The next spare is started this long after one was taken: the load of the function that took it goes first. */
const refillDelayMs = 20

export class Launcher {
  readonly #options: LauncherOptions
  readonly #start: (options: CarrierOptions) => Carrier
  readonly #cwd: string | undefined
  #spare: Carrier | undefined
  #usesDatabase = false
  #refill: NodeJS.Timeout | undefined
  #closed = false

  private constructor(options: LauncherOptions, start: (options: CarrierOptions) => Carrier, cwd?: string) {
    this.#options = options
    this.#start = start
    this.#cwd = cwd
  }

  /** Loads only the carrier in use; the other two and the guest kernel stay out of the host's start. */
  static async create(options: LauncherOptions): Promise<Launcher> {
    switch (options.isolation) {
      case 'thread':
        return new Launcher(options, (carrier) => new ThreadCarrier(carrier))
      case 'process': {
        const { ProcessCarrier } = await import('./process-carrier.ts')
        // Relative paths of functions lead nowhere on aliyun and alipay (spec/runtime.md §2).
        const cwd = mkdtempSync(path.join(tmpdir(), 'unicloud-local-'))
        return new Launcher(options, (carrier) => new ProcessCarrier(carrier), cwd)
      }
      case 'in-process': {
        const { inProcessCarriers } = await import('./in-process-carrier.ts')
        return new Launcher(options, inProcessCarriers())
      }
    }
  }

  /** A carrier for one more instance: the spare one where its memory fits. */
  launch(entry: FunctionEntry): Carrier {
    const { memorySize } = entry.config
    if (memorySize !== this.#options.defaultMemoryMB) return this.#startOne(memorySize)
    const carrier = this.#spare ?? this.#startOne(memorySize)
    this.#spare = undefined
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined
      this.prepare()
    }, refillDelayMs).unref()
    return carrier
  }

  /** Starts the spare one. */
  prepare(): void {
    if (this.#closed || this.#spare || this.#options.isolation === 'in-process') return
    const spare = this.#startOne(this.#options.defaultMemoryMB)
    // One that ends before it is used must not be handed out.
    spare.onExit(() => {
      if (this.#spare === spare) this.#spare = undefined
    })
    this.#spare = spare
    if (this.#usesDatabase) spare.channel.send({ t: 'warm' })
  }

  /** A function of the space uses the database; the next one will as well, and finds a spare that is ready for it. */
  databaseUsed(): void {
    if (this.#usesDatabase) return
    this.#usesDatabase = true
    this.#spare?.channel.send({ t: 'warm' })
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#refill)
    await this.#spare?.kill()
    this.#spare = undefined
    if (this.#cwd) rmSync(this.#cwd, { recursive: true, force: true })
  }

  // internals

  #startOne(memoryMB: number): Carrier {
    return this.#start({ memoryMB, env: this.#options.env, cwd: this.#cwd ?? process.cwd() })
  }
}
