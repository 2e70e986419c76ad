/** SSE channels: messages of functions on their way to clients (spec/runtime.md §13). */
import type { HostService } from './services.ts'

/** As uni-push would deliver it; the client puts messages in the order of `messageId`. */
export interface PushPayload {
  channel: 'UNI_CLOUD_SSE'
  action: 'message' | 'end'
  seqId: string
  messageId: number
  message?: unknown
}

/** Channels that are kept; the oldest go first. */
const maxChannels = 500
const maxMessages = 10_000

interface Channel {
  payloads: PushPayload[]
  ended: boolean
  listeners: Set<(payload: PushPayload) => void>
}

export class PushChannels implements HostService {
  readonly #channels = new Map<string, Channel>()

  /**
   * Hands over everything the channel has had so far, then what comes.
   * @param seqId as the client made it; the channel need not exist yet
   */
  listen(seqId: string, listener: (payload: PushPayload) => void): Disposable {
    const channel = this.#channel(seqId)
    for (const payload of channel.payloads) listener(payload)
    channel.listeners.add(listener)
    return { [Symbol.dispose]: () => void channel.listeners.delete(listener) }
  }

  /** What a channel has had so far. */
  payloads(seqId: string): readonly PushPayload[] {
    return this.#channels.get(seqId)?.payloads ?? []
  }

  async handle(method: string, args: unknown[]): Promise<unknown> {
    if (method !== 'publish') throw new Error(`push has no method "${method}"`)
    const [seqId, action, text] = args as [string, 'message' | 'end', string | undefined]
    this.#publish(seqId, action, text)
    return undefined
  }

  // internals

  #publish(seqId: string, action: 'message' | 'end', text: string | undefined): void {
    const channel = this.#channel(seqId)
    if (channel.ended || channel.payloads.length >= maxMessages) throw channelError(seqId, channel.ended)
    const messageId = channel.payloads.length
    const payload: PushPayload = { channel: 'UNI_CLOUD_SSE', action, seqId, messageId }
    if (text !== undefined) payload.message = JSON.parse(text) as unknown
    channel.payloads.push(payload)
    channel.ended = action === 'end'
    for (const listener of [...channel.listeners]) listener(payload)
  }

  #channel(seqId: string): Channel {
    const known = this.#channels.get(seqId)
    if (known) return known
    const channel: Channel = { payloads: [], ended: false, listeners: new Set() }
    this.#channels.set(seqId, channel)
    for (const [oldest] of this.#channels) {
      if (this.#channels.size <= maxChannels) break
      this.#channels.delete(oldest)
    }
    return channel
  }
}

// internals

function channelError(seqId: string, ended: boolean): Error {
  const [errCode, errMsg] = ended
    ? ['CHANNEL_ENDED', `SSE channel ${seqId} has ended`]
    : ['CHANNEL_FULL', `SSE channel ${seqId} has had ${maxMessages} messages`]
  return Object.assign(new Error(errMsg), { code: errCode, errCode, errMsg })
}
