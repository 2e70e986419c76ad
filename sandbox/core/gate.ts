/** Where API requests come in: finds the platform, plays the faults, writes the call log, answers. */
import type { ServerResponse } from 'node:http'
import type { Agenda } from './agenda.ts'
import type { BusinessClock } from './business-clock.ts'
import { Call } from './call.ts'
import type { CallLog } from './call-log.ts'
import type { DocumentStore } from './document-store.ts'
import { type Answer, type ApiRequest, jsonAnswer } from './exchange.ts'
import { type FaultKind, faultArg } from './fault-kinds.ts'
import type { Faults } from './faults.ts'
import type { Platform } from './platform.ts'

export interface GateParts {
  clock: BusinessClock
  agenda: Agenda
  store: DocumentStore
  faults: Faults
  calls: CallLog
  platforms: readonly Platform[]
}

export class Gate {
  readonly #parts: GateParts
  readonly #closing = new AbortController()

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  claims(host: string, path: string): boolean {
    return this.#platform(host, path) !== undefined
  }

  async handle(request: ApiRequest, res: ServerResponse): Promise<void> {
    const platform = this.#platform(request.host, request.path)
    if (!platform) return send(res, unknownApi(request))
    const { calls, faults, store, agenda } = this.#parts
    const facts = platform.describe(request)
    const entry = calls.begin(request, facts)
    const call = new Call(facts, entry, faults, calls)
    const answer = await this.#answer(platform, request, call, res)
    // Nothing is promised that a kill would undo.
    try {
      await store.flush()
    } catch (error) {
      call.note((error as Error).message)
      calls.end(entry, undefined)
      throw error
    }
    calls.end(entry, answer)
    if (!answer) res.destroy()
    else if (!res.destroyed) await sent(res, answer)
    // What follows from the call - notifications, settlements - comes after its answer.
    setImmediate(() => agenda.wake())
  }

  /** Lets go of callers that were kept waiting on purpose. */
  close(): void {
    this.#closing.abort()
  }

  // internals

  #platform(host: string, path: string): Platform | undefined {
    return this.#parts.platforms.find((platform) => platform.claims(host, path))
  }

  /** @returns nothing when the connection is to be cut */
  async #answer(
    platform: Platform,
    request: ApiRequest,
    call: Call,
    res: ServerResponse,
  ): Promise<Answer | undefined> {
    const before = call.fault('api.timeout', 'api.http', 'api.error', 'api.slow', ...ownFaults(platform))
    switch (before?.fault) {
      case 'apple.network':
        return undefined
      case 'api.timeout':
        await this.#wait(res, before.args.ms === undefined ? undefined : Number(before.args.ms))
        return undefined
      case 'api.http':
        return {
          status: Number(faultArg(before, 'status')),
          headers: { 'Content-Type': 'text/html' },
          body: '',
        }
      case 'api.error':
        return platform.refusal(
          request,
          before.args.code === undefined ? undefined : String(before.args.code),
        )
      case 'api.slow':
        await this.#wait(res, Number(faultArg(before, 'ms')))
    }
    const answer = await platform.answer(request, call)
    if (call.fault('api.timeoutAfterCommit')) return undefined
    return call.fault('api.malformed') ? halved(answer) : answer
  }

  /** Until the time is over, the caller hangs up, or the sandbox closes. @param ms absent: no time */
  #wait(res: ServerResponse, ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#closing
      const timer = ms === undefined ? undefined : this.#parts.clock.space.setTimer(done, ms)
      function done(): void {
        timer?.[Symbol.dispose]()
        res.off('close', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      res.once('close', done)
      signal.addEventListener('abort', done)
      if (signal.aborted || res.destroyed) done()
    })
  }
}

/** Writes an answer out. */
export function send(res: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.from(body)
  res.writeHead(status, { ...headers, ...(status === 204 ? {} : { 'Content-Length': bytes.length }) })
  res.end(bytes)
}

// internals

function ownFaults({ id }: Platform): FaultKind[] {
  return id === 'apple' ? ['apple.network'] : []
}

function sent(res: ServerResponse, answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    res.once('close', resolve)
    res.once('finish', resolve)
    send(res, answer)
  })
}

function halved(answer: Answer): Answer {
  const body = answer.body.toString()
  return { ...answer, body: body.slice(0, Math.ceil(body.length / 2)) }
}

function unknownApi(request: ApiRequest): Answer {
  return jsonAnswer(404, {
    errCode: 'UNKNOWN_API',
    errMsg: `the sandbox simulates no API at ${request.host || 'this address'}${request.path}`,
  })
}
