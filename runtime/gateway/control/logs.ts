/** `GET logs`: what is kept as NDJSON, or with `follow` a stream of server-sent events that goes on. */
import type { Request, Response } from 'express'
import type { LogEntry, LogStore } from '../../host/log-store.ts'
import { ControlError } from './answers.ts'

/** Unsent bytes at which a follower is cut off; it comes back with `last-event-id` and misses nothing that is kept. */
const MAX_BEHIND = 4 * 1024 * 1024
const HEARTBEAT_MS = 15_000

/**
 * Query: `since` (sequence number, exclusive), `function` (name), `follow`.
 * @param closing ends streams
 */
export function logs(store: LogStore, req: Request, res: Response, closing: AbortSignal): void {
  const wanted = filterOf(req.query.function)
  const following = isOn(req.query.follow)
  const since = sequence((following ? req.get('last-event-id') : undefined) ?? req.query.since)
  const kept = store.list(since).filter(wanted)
  res.setHeader('cache-control', 'no-store')
  if (!following) {
    res.setHeader('content-type', 'application/x-ndjson; charset=utf-8')
    res.end(kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    return
  }
  follow(store, kept, wanted, res, closing)
}

// internals

function follow(
  store: LogStore,
  kept: readonly LogEntry[],
  wanted: (entry: LogEntry) => boolean,
  res: Response,
  closing: AbortSignal,
): void {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  // A first line at once tells the client that it is connected.
  res.write(`: connected\n\n${kept.map(eventText).join('')}`)
  const watch = store.follow((entry) => {
    if (!wanted(entry)) return
    res.write(eventText(entry))
    if (res.writableLength > MAX_BEHIND) res.destroy()
  })
  const heartbeat = setInterval(() => res.write(': \n\n'), HEARTBEAT_MS)
  // Nothing may be written after the end, and `close` comes later than it.
  const stop = (): void => {
    watch[Symbol.dispose]()
    clearInterval(heartbeat)
    closing.removeEventListener('abort', stop)
    res.end()
  }
  closing.addEventListener('abort', stop)
  res.on('close', stop)
}

function eventText(entry: LogEntry): string {
  return `id: ${entry.seq}\ndata: ${JSON.stringify(entry)}\n\n`
}

function filterOf(name: unknown): (entry: LogEntry) => boolean {
  return typeof name === 'string' ? (entry) => entry.functionName === name : () => true
}

function isOn(value: unknown): boolean {
  return value !== undefined && value !== '0' && value !== 'false'
}

function sequence(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value)
  throw new ControlError(400, 'INVALID_QUERY', 'since must be the sequence number of a log entry')
}
