/** Requests of this instance to the services of the host, and their answers. */
import type { BridgeError, BridgeService, Channel, GuestMessage, HostMessage } from '../bridge.ts'

interface Pending {
  resolve(value: unknown): void
  reject(error: unknown): void
}

export class BridgeRequests {
  readonly #channel: Channel<GuestMessage, HostMessage>
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  constructor(channel: Channel<GuestMessage, HostMessage>) {
    this.#channel = channel
  }

  /** How many have no answer yet. */
  get open(): number {
    return this.#pending.size
  }

  request(requestId: string, service: BridgeService, method: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#pending.set(id, { resolve, reject })
      this.#channel.send({ t: 'request', id, requestId, service, method, args })
    })
  }

  settle(reply: HostMessage & { t: 'reply' }): void {
    const pending = this.#pending.get(reply.id)
    if (!pending) return
    this.#pending.delete(reply.id)
    if (reply.ok) pending.resolve(reply.value)
    else pending.reject(asError(reply.error))
  }

  /** The request never left: its arguments hold something that cannot be sent. */
  failToSend(id: number, error: unknown): void {
    this.#pending.get(id)?.reject(error)
    this.#pending.delete(id)
  }
}

// internals

function asError(sent: BridgeError): Error {
  const error = new Error(sent.message)
  if (sent.name) error.name = sent.name
  return Object.assign(error, sent.details, sent.code === undefined ? undefined : { code: sent.code })
}
