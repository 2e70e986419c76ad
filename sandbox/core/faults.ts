/** Faults on demand: armed from outside, used up by the requests and notifications that they fit. */
import { LocalError } from '../../errors/errors.ts'
import type { DocumentStore } from './document-store.ts'
import { type FaultKind, faultKinds, fitsProvider, isFaultKind } from './fault-kinds.ts'
import type { JsonObject } from './json.ts'
import { numbers } from './numbers.ts'
import type { Provider } from './order.ts'

/** What a fault may be limited to; what is not named fits everything. */
export interface FaultMatch {
  provider?: Provider
  /** Name of an API (`refund`, `transactions/jsapi`, `alipay.trade.query`), or `payment`, `refund` of a notification. */
  api?: string
  out_trade_no?: string
}

export interface Fault {
  id: string
  fault: FaultKind
  match: FaultMatch
  args: JsonObject
  /** How often it will still happen. */
  times: number
}

/** What a request or a notification is about. */
export interface FaultFacts {
  provider: Provider
  api: string
  outTradeNo?: string | undefined
}

const KIND = 'faults'

export class Faults {
  readonly #store: DocumentStore
  readonly #armed: Fault[] = []

  constructor(store: DocumentStore) {
    this.#store = store
  }

  async load(): Promise<void> {
    this.#armed.push(...(await this.#store.load<Fault>(KIND, ['id', 'fault', 'match', 'args', 'times'])))
  }

  /**
   * @param times how often it happens (default 1)
   * @param provider of the order it is for; default: the one it is limited to
   * @throws LocalError USAGE for a name that is none, an argument it does not have, a provider it cannot happen to
   */
  arm(
    wanted: { fault: string; match?: FaultMatch; args?: JsonObject; times?: number },
    provider = wanted.match?.provider,
  ): Fault {
    const { fault, match = {}, args = {}, times = 1 } = wanted
    checkFault(fault, args)
    if (provider && !fitsProvider(fault, provider)) {
      throw new LocalError('USAGE', `${fault} cannot happen to ${provider}`, {
        hint: `it happens to ${faultKinds[fault].at?.join(', ')}`,
      })
    }
    const armed = { id: numbers.id('f'), fault, match, args, times }
    this.#armed.push(armed)
    this.#store.put(KIND, armed.id, armed)
    return armed
  }

  list(): readonly Fault[] {
    return this.#armed
  }

  /** @returns whether there was one */
  remove(id: string): boolean {
    const at = this.#armed.findIndex((fault) => fault.id === id)
    if (at < 0) return false
    this.#armed.splice(at, 1)
    this.#store.remove(KIND, id)
    return true
  }

  async clear(): Promise<void> {
    this.#armed.length = 0
    await this.#store.clear([KIND])
  }

  /** Uses up one happening of the first armed fault of these kinds that fits. */
  take(kinds: readonly FaultKind[], facts: FaultFacts): Fault | undefined {
    const fault = this.#armed.find((armed) => kinds.includes(armed.fault) && fits(armed.match, facts))
    if (!fault) return undefined
    fault.times -= 1
    if (fault.times > 0) this.#store.put(KIND, fault.id, fault)
    else this.remove(fault.id)
    return fault
  }
}

/** @throws LocalError USAGE for a name that is none, or an argument it does not have */
export function checkFault(fault: string, args: JsonObject): asserts fault is FaultKind {
  if (!isFaultKind(fault)) {
    throw new LocalError('USAGE', `there is no fault "${fault}"`, {
      hint: `choose one of ${Object.keys(faultKinds).join(', ')}`,
    })
  }
  const known = Object.keys(faultKinds[fault].args ?? {})
  const unknown = Object.keys(args).find((name) => !known.includes(name))
  const wrong = Object.entries(args).find(([name, value]) => name !== 'code' && !(Number(value) >= 0))
  if (unknown === undefined && wrong) {
    throw new LocalError(
      'USAGE',
      `${fault}: ${wrong[0]} is ${JSON.stringify(wrong[1])}, not a number from 0 on`,
    )
  }
  if (unknown === undefined) return
  throw new LocalError('USAGE', `${fault} has no argument "${unknown}"`, {
    hint: known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`,
  })
}

// internals

function fits(match: FaultMatch, facts: FaultFacts): boolean {
  if (match.provider && match.provider !== facts.provider) return false
  if (match.out_trade_no && match.out_trade_no !== facts.outTradeNo) return false
  return !match.api || facts.api === match.api || facts.api.split('/').includes(match.api)
}
