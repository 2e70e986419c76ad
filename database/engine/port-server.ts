import type { MessagePort } from 'node:worker_threads'
import type { Change } from '../command.ts'
import type { Call } from './executor.ts'
import { Linger } from './linger.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import {
  encodeError,
  Outbox,
  onMessages,
  type PortCall,
  type PortReply,
  type PortRequest,
} from './port-messages.ts'
import type { SessionCall } from './transactions/sessions.ts'
import type { Doc } from './values/types.ts'

/** What can be behind a port: the engine, or a server it speaks to through the driver. */
export interface PortCarrier {
  /** Runs a command whose values are the engine's own (spec/embedded-database.md §5); see {@link Executor.execute}. */
  execute(database: string, command: Doc, call: Call): Doc | Promise<Doc>
  /** Calls the listener with changes in order; it must not modify them. */
  listen(listener: (changes: readonly Change[]) => void): Disposable
  /** Ends what a client has left open: the cursors it owns, and its sessions. */
  release(owner: object, sessions: Iterable<string>): void
}

/**
 * The engine's end of one port. What its client leaves open (transactions, cursors, listeners) ends when the port does,
 * however that comes about.
 */
export class PortServer {
  readonly #carrier: PortCarrier
  readonly #outbox: Outbox<PortReply>
  readonly #linger = new Linger()
  readonly #running = new Map<number, CallOfPort>()
  readonly #sessions = new Set<string>()
  #watching: Disposable | undefined

  constructor(carrier: PortCarrier, port: MessagePort) {
    this.#carrier = carrier
    this.#outbox = new Outbox(port)
    onMessages<PortRequest>(port, (request) => this.#receive(request))
    port.on('close', () => this.#close())
  }

  // internals

  #receive(request: PortRequest): void {
    this.#linger.received()
    const [id, kind] = request
    switch (kind) {
      case 'command':
        this.#run(request)
        break
      case 'cancel':
        this.#running.get(id)?.abort()
        break
      case 'watch':
        this.#watch(request[2])
        break
    }
  }

  #run([id, , database, command, tagged, options]: Extract<PortRequest, { 1: 'command' }>): void {
    if (options.session) this.#sessions.add(options.session.id)
    const call = new CallOfPort(options, this)
    try {
      const decoded = (tagged ? decodeFromPort(command, 'engine') : command) as Doc
      this.#forgetEnded(decoded)
      const reply = this.#carrier.execute(database, decoded, call)
      if (reply instanceof Promise) void this.#later(id, call, reply)
      else this.#answer(id, reply)
    } catch (error) {
      this.#outbox.add([id, 'error', encodeError(error)])
    }
  }

  async #later(id: number, call: CallOfPort, reply: Promise<Doc>): Promise<void> {
    this.#running.set(id, call)
    try {
      this.#answer(id, await reply)
    } catch (error) {
      this.#outbox.add([id, 'error', encodeError(error)])
    } finally {
      this.#running.delete(id)
    }
  }

  #answer(id: number, reply: Doc): void {
    const encoded = encodeForPort(reply)
    this.#outbox.add([id, 'reply', encoded, encoded !== reply])
    this.#linger.sent()
  }

  /** Sessions their client has ended need no ending with the port. */
  #forgetEnded({ endSessions }: Doc): void {
    if (!Array.isArray(endSessions)) return
    for (const { id } of endSessions as { id?: unknown }[]) this.#sessions.delete(String(id))
  }

  #watch(on: boolean): void {
    this.#watching?.[Symbol.dispose]()
    this.#watching = on
      ? this.#carrier.listen((changes) => this.#outbox.add([0, 'changes', encodeForPort(changes)]))
      : undefined
  }

  #close(): void {
    this.#watch(false)
    for (const call of this.#running.values()) call.abort()
    this.#carrier.release(this, this.#sessions)
  }
}

// internals

/** What came with a command. Its signal is made when somebody asks for it: making one takes longer than a look-up. */
class CallOfPort implements Call {
  readonly session?: SessionCall
  readonly maxTimeMS?: number
  readonly owner: object
  #controller: AbortController | undefined

  constructor({ session, maxTimeMS }: PortCall, owner: object) {
    if (session) this.session = session
    if (maxTimeMS !== undefined) this.maxTimeMS = maxTimeMS
    this.owner = owner
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(): void {
    this.#controller ??= new AbortController()
    this.#controller.abort()
  }
}
