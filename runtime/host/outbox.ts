/**
 * The outbox: what functions asked of services that have no back end here. Each use is kept, shown in the log, and
 * answered as the configuration says (spec/runtime.md §10).
 */
import type { Clock } from '../../clock/clock.ts'
import type { StubBehaviour } from '../config/options.ts'
import { Certificates } from './certificates.ts'
import type { LogStore } from './log-store.ts'
import type { HostService, ServiceContext } from './services.ts'

/** One recorded use. */
export interface OutboxEntry {
  /** Ever-increasing. */
  seq: number
  /** Epoch milliseconds of the space's clock. */
  time: number
  /** The `uniCloud` member: `sendSms`, `getPushManager` … */
  service: string
  /** The method of the manager it gave. */
  method?: string
  args: unknown[]
  functionName: string
  requestId: string
  /** What the caller got: an answer, or an error. */
  answer?: unknown
  error?: { errCode: string | number; errMsg: string }
}

export interface OutboxOptions {
  clock: Clock
  logs: LogStore
  /** By service (`sendSms`) or by service and method (`getPushManager.sendMessage`). */
  stubs: Readonly<Record<string, StubBehaviour>>
}

const capacity = 1000
/** Characters of arguments in a log line. */
const shownLength = 300

export class Outbox implements HostService {
  readonly #options: OutboxOptions
  readonly #certificates: Certificates
  readonly #listeners = new Set<(entry: OutboxEntry) => void>()
  #entries: OutboxEntry[] = []
  #seq = 0

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#certificates = new Certificates(options.clock)
  }

  /** Oldest first; the last thousand. */
  entries(): readonly OutboxEntry[] {
    return this.#entries
  }

  clear(): void {
    this.#entries = []
  }

  onEntry(listener: (entry: OutboxEntry) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async handle(method: string, args: unknown[], context: ServiceContext): Promise<unknown> {
    switch (method) {
      case 'record':
        return this.#record(args[0] as ServiceUse, context)
      case 'openCertificate':
        return this.#certificates.open(String(args[0]))
      case 'queryCertificate':
        return this.#certificates.query(String(args[0]))
      default:
        throw new Error(`the outbox has no method "${method}"`)
    }
  }

  // internals

  #record(use: ServiceUse, { functionName, requestId }: ServiceContext): unknown {
    const { service, method, args } = use
    const name = method === undefined ? service : `${service}.${method}`
    const { stubs, clock } = this.#options
    const behaviour = stubs[name] ?? stubs[service]
    const entry: OutboxEntry = { seq: ++this.#seq, time: clock.now(), service, args, functionName, requestId }
    if (method !== undefined) entry.method = method
    if (behaviour?.fail) {
      const { errCode, errMsg = `${name} failed, as scripted in the configuration` } = behaviour.fail
      entry.error = { errCode, errMsg }
    } else entry.answer = behaviour?.result === undefined ? use.answer : behaviour.result
    this.#keep(entry, name)
    if (entry.error) throw Object.assign(new Error(entry.error.errMsg), entry.error)
    return entry.answer
  }

  #keep(entry: OutboxEntry, name: string): void {
    this.#entries.push(entry)
    if (this.#entries.length > capacity) this.#entries.shift()
    const { time, functionName, requestId, error } = entry
    const outcome = error ? `failed as scripted (${error.errCode})` : 'recorded, not sent'
    this.#options.logs.append({
      time,
      level: error ? 'warn' : 'info',
      channel: 'system',
      text: `[${functionName}] ${name} ${outcome}: ${shorten(JSON.stringify(entry.args))}`,
      functionName,
      ...(requestId ? { requestId } : {}),
    })
    for (const listener of this.#listeners) listener(entry)
  }
}

// internals

/** As an instance sends it. */
interface ServiceUse {
  service: string
  method?: string
  args: unknown[]
  answer: unknown
}

function shorten(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}
