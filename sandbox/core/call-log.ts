/**
 * What came in and what was said: each API call with its verification, so that a refused signature shows what should
 * have been signed. Kept in memory, the newest thousand.
 */
import type { BusinessClock } from './business-clock.ts'
import type { Answer, ApiRequest } from './exchange.ts'
import { explainFault } from './fault-kinds.ts'
import type { Fault, FaultFacts } from './faults.ts'
import { numbers } from './numbers.ts'

const KEPT = 1000

export interface Verification {
  ok: boolean
  /** Why not, in words. */
  reason?: string
  /** The text that the sandbox expected to be signed; keys in it are masked. */
  expected?: string
  /** The signature that was sent. */
  given?: string
}

export interface ApiCall {
  id: string
  /** Business time, epoch ms. */
  at: number
  provider: string
  api: string
  outTradeNo: string
  method: string
  url: string
  headers: Record<string, string>
  body: string
  verification?: Verification
  status?: number
  answer?: string
  /** Lines that explain what is special about it: faults, refusals. */
  notes: string[]
}

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  text: string
}

export class CallLog {
  readonly #clock: BusinessClock
  readonly #log: (line: LogLine) => void
  readonly #calls: ApiCall[] = []

  /** @param log one line a call; no keys and no bodies in it */
  constructor(clock: BusinessClock, log: (line: LogLine) => void) {
    this.#clock = clock
    this.#log = log
  }

  /** Newest first. */
  calls(limit = 100): ApiCall[] {
    return this.#calls.slice(-limit).reverse()
  }

  clear(): void {
    this.#calls.length = 0
  }

  begin(request: ApiRequest, facts: FaultFacts): ApiCall {
    const call: ApiCall = {
      id: numbers.id('c'),
      at: this.#clock.now(),
      provider: facts.provider,
      api: facts.api,
      outTradeNo: facts.outTradeNo ?? '',
      method: request.method,
      url: request.host ? `https://${request.host}${request.target}` : request.target,
      headers: plainHeaders(request),
      body: request.body,
      notes: [],
    }
    this.#calls.push(call)
    if (this.#calls.length > KEPT) this.#calls.shift()
    return call
  }

  noteFault(call: ApiCall, fault: Fault): void {
    call.notes.push(`fault ${explainFault(fault)}`)
  }

  /** @param answer none when the connection is cut */
  end(call: ApiCall, answer: Answer | undefined): void {
    if (answer) {
      call.status = answer.status
      call.answer = typeof answer.body === 'string' ? answer.body : `${answer.body.length} bytes`
    }
    const { verification } = call
    const refused = verification?.ok === false
    const about = call.outTradeNo ? ` ${call.outTradeNo}` : ''
    const outcome = answer ? String(answer.status) : 'no answer'
    const reasons = [...(refused ? [verification.reason ?? 'not authentic'] : []), ...call.notes]
    this.#log({
      level: refused || reasons.length > 0 ? 'warn' : 'info',
      text: `sandbox: ${call.provider} ${call.api}${about} -> ${outcome}${reasons.map((reason) => `; ${reason}`).join('')}`,
    })
  }

  /** A line of its own: deliveries, settlements, what the sandbox did by itself. */
  say(level: LogLine['level'], text: string): void {
    this.#log({ level, text: `sandbox: ${text}` })
  }
}

// internals

function plainHeaders(request: ApiRequest): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return plain
}
