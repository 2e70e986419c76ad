/** A session that is there before the connection is: the waist hands sessions out synchronously. */
import { randomUUID } from 'node:crypto'
import type { SessionHandle, TransactionOptions } from '../../../database/command.ts'

export class LazySession implements SessionHandle {
  readonly id = randomUUID()
  readonly #start: () => Promise<SessionHandle>
  #session: Promise<SessionHandle> | undefined
  #open: SessionHandle | undefined

  constructor(start: () => Promise<SessionHandle>) {
    this.#start = start
  }

  get inTransaction(): boolean {
    return this.#open?.inTransaction ?? false
  }

  /** The session of the connection. */
  async real(): Promise<SessionHandle> {
    this.#session ??= this.#start()
    this.#open = await this.#session
    return this.#open
  }

  async startTransaction(options?: TransactionOptions): Promise<void> {
    await (await this.real()).startTransaction(options)
  }

  async commitTransaction(): Promise<void> {
    await (await this.real()).commitTransaction()
  }

  async abortTransaction(): Promise<void> {
    await (await this.real()).abortTransaction()
  }

  async end(): Promise<void> {
    await (await this.#session)?.end()
  }
}
