/** What a simulated platform is to the rest of the sandbox. */
import type { PlatformHost } from '../hosts.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { BusinessClock } from './business-clock.ts'
import type { Call } from './call.ts'
import type { LoginCodes } from './codes.ts'
import type { DocumentStore } from './document-store.ts'
import type { Answer, ApiRequest } from './exchange.ts'
import type { FaultFacts, Faults } from './faults.ts'
import type { Json } from './json.ts'
import type { Ledger, LedgerEvent } from './ledger.ts'
import type { NewNotice, NoticeRules } from './notice.ts'
import type { Order, PlatformId } from './order.ts'
import type { SettingsKeeper } from './settings.ts'

/** What every platform is handed. */
export interface PlatformParts {
  clock: BusinessClock
  /** Changes when the sandbox is reset with another seed. */
  keys(): KeyRing
  ledger: Ledger
  faults: Faults
  settings: SettingsKeeper
  /** For what a platform keeps beside the ledger. */
  store: DocumentStore
  codes: LoginCodes
  /** Where this space's own uni-pay-co is reached. */
  notifyUrl(): string
  /** Address of this sandbox that stands for a platform's host; path and query are appended. */
  addressOf(host: PlatformHost): string
  /** Queues a notification that no order caused. @returns its id */
  notify(notice: NewNotice): string
  /** Page where a person pays an order. */
  cashierUrl(order: Pick<Order, 'token'>): string
}

export interface Platform {
  readonly id: PlatformId
  /** Whether a request is for this one. @param host empty: it came to the sandbox's own address, and the path decides */
  claims(host: string, path: string): boolean
  describe(request: ApiRequest): FaultFacts
  answer(request: ApiRequest, call: Call): Answer | Promise<Answer>
  /** A refusal in the platform's own form. @param code its error code; default: its system error */
  refusal(request: ApiRequest, code?: string): Answer
  /** What follows at the platform itself. */
  happened?(event: LedgerEvent): void
  /** What the merchant is told about something that happened to one of its orders. */
  report(event: LedgerEvent): NewNotice[]
  readonly notices: NoticeRules
  /** Who pays when nobody says, and under which number of the platform's. */
  payment(order: Order): { payer: string; transactionId: string }
  /** A new number for a refund. */
  refundNumber(): string
  /**
   * Takes what an app hands to the platform's client SDK: checks its signature, and opens the order where the platform
   * learns of it only now. @returns undefined for what is not of its kind @throws ClientRefused
   */
  openByClient?(client: Json): Order | undefined
  /** Where the payer goes after the cashier; default: the order's own address. */
  returnAddress?(order: Order): string | undefined
  /** Takes up what a former run left beside the ledger. */
  load?(): Promise<void>
  /** Forgets what it keeps beside the ledger. */
  reset?(): void | Promise<void>
}

/** The platform's app does not accept what it was handed. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused'
  /** What should have been signed, where that is the matter. */
  readonly expected: string | undefined

  constructor(message: string, expected?: string) {
    super(message)
    this.expected = expected
  }
}
