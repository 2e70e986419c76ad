/** The space's database: opened when first used, seeded from the project before anybody sees it. */
import type { MessagePort } from 'node:worker_threads'
import type { ClockState } from '../../clock/adjustable-clock.ts'
import type { DocumentDatabase } from '../../database/command.ts'

/** An open database and its doors. */
export interface OpenDatabase {
  database: DocumentDatabase
  /** One more connection, for an instance. */
  connect(): MessagePort
  setClock(clock: ClockState): void
  /** Brings in collections of the project's database files that do not exist yet. */
  seed(): Promise<void>
  close(): Promise<void>
}

export class DatabaseAccess {
  readonly #open: () => Promise<OpenDatabase>
  #opened: Promise<OpenDatabase> | undefined

  /** @param open opens and seeds it; called again when it failed and the database is asked for again */
  constructor(open: () => Promise<OpenDatabase>) {
    this.#open = open
  }

  async database(): Promise<DocumentDatabase> {
    return (await this.#access()).database
  }

  async connect(): Promise<MessagePort> {
    return (await this.#access()).connect()
  }

  /** Files were added: their collections come in at once when the database is open, else when it opens. */
  async seed(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.seed()
  }

  async setClock(clock: ClockState): Promise<void> {
    // A failed opening was reported to whoever asked for it.
    const opened = await this.#opened?.catch(() => undefined)
    opened?.setClock(clock)
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.close()
  }

  // internals

  #access(): Promise<OpenDatabase> {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }
}
