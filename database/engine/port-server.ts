import type { MessagePort } from 'node:worker_threads'
import type { Change } from '../command.ts'
import type { Call } from './executor.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import { encodeError, Outbox, type PortCall, type PortReply, type PortRequest } from './port-messages.ts'
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
  readonly #running = new Map<number, AbortController>()
  readonly #sessions = new Set<string>()
  #watching: Disposable | undefined

  constructor(carrier: PortCarrier, port: MessagePort) {
    this.#carrier = carrier
    this.#outbox = new Outbox((messages) => port.postMessage(messages))
    port.on('message', (requests: PortRequest[]) => {
      for (const request of requests) this.#receive(request)
    })
    port.on('close', () => this.#close())
  }

  // internals

  #receive(request: PortRequest): void {
    const [id, kind] = request
    switch (kind) {
      case 'command':
        void this.#run(id, request[2], request[3], request[4])
        break
      case 'cancel':
        this.#running.get(id)?.abort()
        break
      case 'watch':
        this.#watch(request[2])
        break
    }
  }

  async #run(id: number, database: string, command: unknown, options: PortCall | undefined): Promise<void> {
    const controller = new AbortController()
    this.#running.set(id, controller)
    if (options?.session) this.#sessions.add(options.session.id)
    const call: Call = { ...options, signal: controller.signal, owner: this }
    try {
      const decoded = decodeFromPort(command, 'engine') as Doc
      this.#forgetEnded(decoded)
      const reply = await this.#carrier.execute(database, decoded, call)
      this.#outbox.add([id, 'reply', encodeForPort(reply)])
    } catch (error) {
      this.#outbox.add([id, 'error', encodeError(error)])
    } finally {
      this.#running.delete(id)
    }
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
    for (const controller of this.#running.values()) controller.abort()
    this.#carrier.release(this, this.#sessions)
  }
}
