/**
 * What functions write to a client's SSE channel, as server-sent events (spec/runtime.md §13). In the cloud uni-push
 * carries it; here a page, or whatever stands in for the push client, reads it by the `seqId` of the channel.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { preflightHeaders } from './cors.ts'
import { send, TEXT_TYPE } from './reply.ts'

export const SSE_PREFIX = '/_unicloud/sse/'

/** Where the payloads come from; all a channel has had so far, then what comes. */
export interface ChannelSource {
  listen(seqId: string, listener: (payload: ChannelPayload) => void): Disposable
}

interface ChannelPayload {
  action: 'message' | 'end'
  /** Counts from 0 and without a gap. */
  messageId: number
}

/** The SDK's are `<milliseconds>-<6 digits>`. */
const longestId = 200

/** Unsent bytes at which a reader is cut off; it comes back with `last-event-id` and misses nothing. */
const maxBehind = 4 * 1024 * 1024
const heartbeatMs = 15_000

export class SseChannels {
  readonly #source: ChannelSource
  readonly #open = new Set<ServerResponse>()

  constructor(source: ChannelSource) {
    this.#source = source
  }

  /** @param encoded what follows the prefix in the path: the percent-encoded `seqId` */
  handle(req: IncomingMessage, res: ServerResponse, encoded: string): void {
    // Pages of every origin, as with the client protocol: the id is what only the client knows.
    const cors = ['access-control-allow-origin', '*']
    const seqId = decoded(encoded)
    const refuse = (status: number, text: string): void =>
      send(res, status, [...cors, 'content-type', TEXT_TYPE], `${text}\n`)
    if (req.method === 'OPTIONS') send(res, 204, [...cors, ...preflightHeaders(req, 'GET, OPTIONS')], '')
    else if (req.method !== 'GET') refuse(405, 'a channel is read with GET')
    else if (seqId === undefined) refuse(404, `${SSE_PREFIX} is followed by the seqId of a channel`)
    else {
      res.writeHead(200, [...cors, ...streamHeaders])
      this.#stream(seqId, Number(req.headers['last-event-id'] ?? -1), res)
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const res of this.#open) res.end()
  }

  // internals

  /** @param last payloads up to this one have been received before */
  #stream(seqId: string, last: number, res: ServerResponse): void {
    this.#open.add(res)
    // A first line at once tells the client that it is connected: it calls the function only then.
    res.write(': connected\n\n')
    const listening = this.#source.listen(seqId, (payload) => {
      if (res.writableEnded) return
      if (payload.messageId > last || Number.isNaN(last)) res.write(eventText(payload))
      if (payload.action === 'end') res.end()
      else if (res.writableLength > maxBehind) res.destroy()
    })
    const heartbeat = setInterval(() => res.writableEnded || res.write(': \n\n'), heartbeatMs)
    const stop = (): void => {
      clearInterval(heartbeat)
      listening[Symbol.dispose]()
      this.#open.delete(res)
    }
    res.on('close', stop)
  }
}

// internals

const streamHeaders = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-store',
  'x-accel-buffering',
  'no',
]

function eventText(payload: ChannelPayload): string {
  return `id: ${payload.messageId}\ndata: ${JSON.stringify(payload)}\n\n`
}

function decoded(encoded: string): string | undefined {
  try {
    const seqId = decodeURIComponent(encoded)
    return seqId !== '' && seqId.length <= longestId ? seqId : undefined
  } catch {
    return undefined
  }
}
