/**
 * Reading request bodies with a limit that is applied while bytes arrive: what is too large is neither kept nor
 * waited for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** `too-large`: answer now, the rest is thrown away. `aborted`: the client has gone, there is nobody to answer. */
export type Body = Buffer | 'too-large' | 'aborted'

export interface BodyLimit {
  /** Bytes accepted. */
  bytes: number
  /**
   * Asked once, with what has arrived, when `bytes` is passed: a larger limit, or the same one.
   * For limits that depend on the content (spec/http.md §8: text and binary of tencent).
   */
  widen?: { atMost: number; limitFor(soFar: Buffer): number }
}

/** Whether the request carries a body at all, by its framing headers. */
export function hasBody(req: IncomingMessage): boolean {
  const headers = req.headers
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
}

/**
 * Reads the body. Never rejects.
 * @param res used to send `100 Continue` when the client waits for it and the announced length is acceptable
 */
export function readBody(req: IncomingMessage, res: ServerResponse, limit: BodyLimit): Promise<Body> {
  const announced = Number(req.headers['content-length'] ?? 0)
  if (announced > Math.max(limit.bytes, limit.widen?.atMost ?? 0)) {
    discardRest(req)
    return Promise.resolve('too-large')
  }
  if (req.headers.expect !== undefined) res.writeContinue()
  return new Promise((resolve) => collect(req, limit, resolve))
}

// internals

/** What an early answer may cost: a client that still sends needs a moment to read it before the line is cut. */
const DISCARD_BYTES = 32 * 1024 * 1024
const DISCARD_MS = 5000

function collect(req: IncomingMessage, limit: BodyLimit, resolve: (body: Body) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  let allowed = limit.bytes
  let widen = limit.widen

  const finish = (body: Body): void => {
    req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
    resolve(body)
  }
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk)
    size += chunk.length
    if (size <= allowed) return
    if (widen) {
      allowed = widen.limitFor(Buffer.concat(chunks, size))
      widen = undefined
      if (size <= allowed) return
    }
    finish('too-large')
    discardRest(req)
  }
  const onEnd = (): void => finish(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
  const onClose = (): void => finish('aborted')

  req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
}

/** Reads on without keeping, within bounds; cutting the line at once would make the client lose the answer. */
function discardRest(req: IncomingMessage): void {
  let left = DISCARD_BYTES
  const cut = (): void => void req.socket.destroy()
  const timer = setTimeout(cut, DISCARD_MS).unref()
  req.on('close', () => clearTimeout(timer))
  req.on('end', () => clearTimeout(timer))
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) cut()
  })
}
