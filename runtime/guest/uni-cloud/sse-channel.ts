/** `uniCloud.deserializeSSEChannel`: messages to a client while its call still runs (spec/runtime.md §13). */
import type { GuestRuntime } from '../guest-context.ts'
import { invalidParam } from './error.ts'
import { asUniCloudError } from './outbox.ts'

/** What the client's channel object is on the wire. */
export interface SerializedSseChannel {
  appId?: string
  pushClientId?: string
  /** A string in the SDK, a number in the documentation. */
  seqId: string | number
}

/** The cloud's end of a channel; the host numbers its messages, so that several functions may write to one. */
export class SseChannel {
  readonly appId: string | undefined
  readonly pushClientId: string | undefined
  readonly seqId: string
  readonly #runtime: GuestRuntime
  #ended = false

  constructor(runtime: GuestRuntime, serialized: SerializedSseChannel) {
    this.#runtime = runtime
    this.appId = serialized.appId
    this.pushClientId = serialized.pushClientId
    this.seqId = String(serialized.seqId)
  }

  /** Rejects with `CHANNEL_ENDED` once the channel has ended. */
  async write(message: unknown): Promise<void> {
    await this.#publish('message', message)
  }

  /** Ends the channel, with a last message if there is one. */
  async end(message?: unknown): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#publish('end', message)
  }

  toJSON(): SerializedSseChannel {
    const { appId, pushClientId, seqId } = this
    return {
      ...(appId === undefined ? {} : { appId }),
      ...(pushClientId === undefined ? {} : { pushClientId }),
      seqId,
    }
  }

  async #publish(action: 'message' | 'end', message: unknown): Promise<void> {
    const text = message === undefined ? undefined : JSON.stringify(message)
    try {
      await this.#runtime.request('push', 'publish', [this.seqId, action, text])
    } catch (error) {
      throw asUniCloudError(error)
    }
  }
}

/** @throws UniCloudError INVALID_PARAM when it is not a serialized channel */
export function deserializeSseChannel(runtime: GuestRuntime, serialized: unknown): SseChannel {
  const channel = serialized as SerializedSseChannel | null | undefined
  if (typeof channel !== 'object' || channel === null || !isSeqId(channel.seqId)) {
    throw invalidParam(
      'deserializeSSEChannel: an SSE channel with a seqId, as the client sends it, is expected',
    )
  }
  return new SseChannel(runtime, channel)
}

// internals

function isSeqId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}
