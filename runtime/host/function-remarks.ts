/** What the log hears about one function from its pool. */
import type { GuestLog } from '../bridge.ts'
import type { CallFailure } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { CarrierExit } from './carrier.ts'
import type { PoolHost } from './pool-host.ts'

export class FunctionRemarks {
  #entry: FunctionEntry
  readonly #host: Pick<PoolHost, 'log' | 'remark'>
  /** Every instance would say the same of the same code. */
  readonly #said = new Set<string>()

  constructor(entry: FunctionEntry, host: Pick<PoolHost, 'log' | 'remark'>) {
    this.#entry = entry
    this.#host = host
  }

  /** The code is another one now: what was said of the former may be true of it again. */
  reset(entry: FunctionEntry): void {
    this.#entry = entry
    this.#said.clear()
  }

  /** A line of user code. */
  line(line: GuestLog): void {
    this.#host.log(this.#entry, line)
  }

  /** What came out of an instance past its console. */
  output(level: 'log' | 'error', text: string): void {
    for (const line of text.split('\n')) {
      if (line !== '') this.#host.remark(this.#entry, level, line, 'console')
    }
  }

  warnings(texts: readonly string[]): void {
    for (const text of texts) this.#once('warn', text)
  }

  cannotBeLoaded({ stack, errMsg }: CallFailure): void {
    this.#once('error', `[${this.#entry.name}] cannot be loaded: ${stack ?? errMsg}`)
  }

  loadsTooLong(seconds: number): void {
    this.#once('error', `[${this.#entry.name}] did not finish loading within ${seconds} seconds`)
  }

  waitsForItself(maxInstances: number): void {
    this.#once(
      'warn',
      `[${this.#entry.name}] is called from inside itself, directly or around corners, deeper than it may have ` +
        `instances (${maxInstances}): the innermost call is refused, it would wait for ever`,
    )
  }

  /** An instance is gone that nobody ended. */
  ended(exit: CarrierExit): void {
    const { name, config } = this.#entry
    const why =
      exit.kind === 'memory'
        ? `ran out of memory: "memorySize" in its package.json is ${config.memorySize} MB`
        : `ended unexpectedly: ${exit.detail}`
    this.#host.remark(this.#entry, 'error', `[${name}] ${why}`)
  }

  // internals

  #once(level: GuestLog['level'], text: string): void {
    if (this.#said.has(text)) return
    this.#said.add(text)
    this.#host.remark(this.#entry, level, text)
  }
}
