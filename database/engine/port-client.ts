import type { MessagePort } from 'node:worker_threads'
import type { CallOptions, Change, Command, DocumentDatabase, Reply, SessionHandle } from '../command.ts'
import { databaseError } from './errors.ts'
import { Linger } from './linger.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import {
  decodeError,
  Outbox,
  onMessages,
  type PortCall,
  type PortReply,
  type PortRequest,
} from './port-messages.ts'
import { EmbeddedSession, sessionCall } from './session-handle.ts'
import type { SessionCall } from './transactions/sessions.ts'
import type { Doc } from './values/types.ts'

/** What is at the far end of a port. */
export interface PortDescription {
  readonly kind: DocumentDatabase['kind']
  readonly uri?: string
  readonly server: string
  readonly transactions: boolean
  readonly changeFeed: boolean
}

/** A database reached through a port of its thread (spec/embedded-database.md §11). */
export class PortDatabase implements DocumentDatabase {
  readonly #about: () => PortDescription
  readonly #port: MessagePort
  readonly #outbox: Outbox<PortRequest>
  readonly #linger = new Linger()
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Set<(change: Change) => void>()
  #lastId = 0
  #closed = false

  /**
   * @param port handed out by `EngineThread.connect()`; it keeps the process alive only while a command is under way
   * @param about what is known of the far end; by default it is the embedded engine
   */
  constructor(port: MessagePort, about: () => PortDescription = () => EMBEDDED) {
    this.#port = port
    this.#about = about
    this.#outbox = new Outbox(port)
    onMessages<PortReply>(port, (reply) => this.#receive(reply))
    port.on('close', () => this.#lost())
    port.unref()
  }

  get kind(): DocumentDatabase['kind'] {
    return this.#about().kind
  }

  async command(database: string, command: Command, options: CallOptions = {}): Promise<Reply> {
    const { session, signal, maxTimeMS } = options
    const call: PortCall = {
      ...(session ? { session: sessionCall(session) } : {}),
      ...(maxTimeMS === undefined ? {} : { maxTimeMS }),
    }
    return (await this.#send(database, command, call, signal)) as Reply
  }

  /** For session handles. */
  async execute(database: string, command: Doc, call: { session?: SessionCall }): Promise<Doc> {
    return (await this.#send(database, command, call, undefined)) as Doc
  }

  startSession(): SessionHandle {
    return new EmbeddedSession(this)
  }

  watch(listener: (change: Change) => void): Disposable {
    const own = (change: Change) => listener(change)
    this.#listeners.add(own)
    if (this.#listeners.size === 1) this.#outbox.add([0, 'watch', true])
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(own) && this.#listeners.size === 0 && !this.#closed) {
          this.#outbox.add([0, 'watch', false])
        }
      },
    }
  }

  describe(): Omit<PortDescription, 'kind'> {
    const { kind: _kind, ...about } = this.#about()
    return about
  }

  /** Closes the port; the engine drops what this client has open. The engine itself goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#outbox.flush()
    this.#port.close()
    this.#lost()
  }

  // internals

  #send(
    database: string,
    command: unknown,
    call: PortCall,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    if (this.#closed) return Promise.reject(gone())
    if (signal?.aborted) return Promise.reject(interrupted())
    const id = ++this.#lastId
    const encoded = encodeForPort(command)
    this.#outbox.add([id, 'command', database, encoded, encoded !== command, call])
    this.#linger.sent()
    return new Promise((resolve, reject) => {
      const cancel = signal && (() => this.#outbox.add([id, 'cancel']))
      if (cancel) signal.addEventListener('abort', cancel, { once: true })
      const done = cancel && (() => signal.removeEventListener('abort', cancel))
      this.#pending.set(id, { resolve, reject, done })
      if (this.#pending.size === 1) this.#port.ref()
    })
  }

  #receive(reply: PortReply): void {
    const [id, kind, payload] = reply
    if (kind === 'changes') {
      for (const change of decodeFromPort(payload, 'caller') as Change[]) {
        for (const listener of [...this.#listeners]) listener(change)
      }
      return
    }
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#settle(id, pending)
    this.#linger.received()
    if (this.#pending.size === 0) this.#linger.rest()
    if (kind === 'reply') pending.resolve(reply[3] ? decodeFromPort(payload, 'caller') : payload)
    else pending.reject(decodeError(payload))
  }

  #settle(id: number, pending: Pending): void {
    pending.done?.()
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#port.unref()
  }

  #lost(): void {
    this.#closed = true
    for (const [id, pending] of [...this.#pending]) {
      this.#settle(id, pending)
      pending.reject(gone())
    }
  }
}

/** The embedded engine. */
export const EMBEDDED: PortDescription = {
  kind: 'embedded',
  server: 'unicloud-local embedded engine (speaks MongoDB 7.0)',
  transactions: true,
  changeFeed: true,
}

// internals

interface Pending {
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
  /** Lets go of the caller's signal. */
  readonly done: (() => void) | undefined
}

function gone(): Error {
  return databaseError(91, 'The connection to the embedded database is closed')
}

function interrupted(): Error {
  return databaseError(11601, 'operation was interrupted')
}
