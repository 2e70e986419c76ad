/** The payer's side: pays, fails, or has it done by itself after a while. */
import type { Agenda, DueItem } from './agenda.ts'
import type { Json } from './json.ts'
import type { Ledger } from './ledger.ts'
import { isUnpaid, type Order } from './order.ts'
import { ClientRefused, type Platform } from './platform.ts'
import type { SettingsKeeper } from './settings.ts'

export interface PayWish {
  /** Openid or buyer id; default: whom the order is for, else the platform's test payer. */
  payer?: string | undefined
  /** Fen; default: the order's total. */
  amount?: number | undefined
  /** Money that arrives although the order is closed. */
  late?: boolean | undefined
}

export class Cashier {
  readonly #ledger: Ledger
  readonly #settings: SettingsKeeper
  readonly #platform: (order: Order) => Platform
  readonly #platforms: readonly Platform[]

  constructor(parts: {
    ledger: Ledger
    settings: SettingsKeeper
    agenda: Agenda
    platforms: readonly Platform[]
    platformOf(order: Order): Platform
  }) {
    this.#ledger = parts.ledger
    this.#settings = parts.settings
    this.#platforms = parts.platforms
    this.#platform = parts.platformOf
    parts.agenda.add({ nextDue: () => this.#nextDue() })
  }

  /** @throws Refusal paid, closed, wrongPayer */
  pay(order: Order, { payer, amount, late }: PayWish = {}): void {
    const usual = this.#platform(order).payment(order)
    this.#ledger.pay(order, {
      payer: payer ?? usual.payer,
      transactionId: usual.transactionId,
      ...(amount === undefined ? {} : { amount }),
      ...(late ? { late } : {}),
    })
  }

  /**
   * What an app hands to a platform's client SDK: the platform whose it is checks it and gives the order.
   * @throws ClientRefused
   */
  open(client: Json): Order {
    for (const platform of this.#platforms) {
      const order = platform.openByClient?.(client)
      if (order) return order
    }
    throw new ClientRefused('no platform of this sandbox takes such parameters')
  }

  // internals

  #nextDue(): DueItem | undefined {
    const { autoPayMs } = this.#settings.values
    if (autoPayMs === null) return undefined
    let next: Order | undefined
    for (const order of this.#ledger.orders()) {
      if (isUnpaid(order) && (!next || order.createdAt < next.createdAt)) next = order
    }
    if (!next) return undefined
    const order = next
    return { at: order.createdAt + autoPayMs, run: () => this.pay(order) }
  }
}
