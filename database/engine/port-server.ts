import type { MessagePort } from 'node:worker_threads'
import type { EmbeddedDatabase } from './engine.ts'
import type { Call } from './executor.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import { encodeError, Outbox, type PortCall, type PortReply, type PortRequest } from './port-messages.ts'
import type { Doc } from './values/types.ts'

/**
 * The engine's end of one port. What its client leaves open (transactions, cursors, listeners) ends when the port does,
 * however that comes about.
 */
export class PortServer {
  readonly #engine: EmbeddedDatabase
  readonly #outbox: Outbox<PortReply>
  readonly #running = new Map<number, AbortController>()
  readonly #sessions = new Set<string>()
  #watching: Disposable | undefined

  constructor(engine: EmbeddedDatabase, port: MessagePort) {
    this.#engine = engine
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
      const reply = await this.#engine.execute(database, decodeFromPort(command, 'engine') as Doc, call)
      this.#outbox.add([id, 'reply', encodeForPort(reply)])
    } catch (error) {
      this.#outbox.add([id, 'error', encodeError(error)])
    } finally {
      this.#running.delete(id)
    }
  }

  #watch(on: boolean): void {
    this.#watching?.[Symbol.dispose]()
    this.#watching = on
      ? this.#engine.state.feed.listen((changes) => this.#outbox.add([0, 'changes', encodeForPort(changes)]))
      : undefined
  }

  #close(): void {
    this.#watch(false)
    for (const controller of this.#running.values()) controller.abort()
    for (const session of this.#sessions) this.#engine.state.sessions.end(session)
    this.#engine.state.cursors.killWhere((cursor) => cursor.owner === this)
  }
}
