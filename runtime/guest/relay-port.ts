/** A database port that travels through the bridge, for instances that cannot be handed a real one. */
import { EventEmitter } from 'node:events'
import type { Channel, GuestMessage, HostMessage } from '../bridge.ts'
import type { DatabasePort } from './guest-context.ts'

export class RelayPort extends EventEmitter implements DatabasePort {
  readonly #channel: Channel<GuestMessage, HostMessage>

  constructor(channel: Channel<GuestMessage, HostMessage>) {
    super()
    this.#channel = channel
  }

  postMessage(data: unknown): void {
    this.#channel.send({ t: 'port', data })
  }

  /** Takes in a message of the database. */
  receive(data: unknown): void {
    this.emit('message', data)
  }

  close(): void {
    this.emit('close')
    this.removeAllListeners()
  }

  /** The bridge's own channel keeps the process alive; the port has no say in it. */
  ref(): void {}
  unref(): void {}
}
