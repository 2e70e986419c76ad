/** What people and tests do to orders, refunds and notifications; the control API and the pages share it. */

import { LocalError } from '../../errors/errors.ts'
import type { PurchaseWish } from '../apple/purchases.ts'
import type { PayWish } from '../core/cashier.ts'
import type { FaultKind } from '../core/fault-kinds.ts'
import { checkFault, type Fault, type Faults } from '../core/faults.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Attempt, Notice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import { type Order, type Refund, type RefundStatus, refundableOf } from '../core/order.ts'
import type { Simulator } from '../core/simulator.ts'
import { NotFound } from './answers.ts'

export class Actions {
  readonly #simulator: Simulator

  constructor(simulator: Simulator) {
    this.#simulator = simulator
  }

  /** @param id ours, the merchant's number, or the platform's @throws NotFound */
  order(id: string): Order {
    const { ledger } = this.#simulator
    const order =
      ledger.get(id) ??
      ledger.orders().find(({ outTradeNo, transactionId }) => outTradeNo === id || transactionId === id)
    if (!order) throw new NotFound(`there is no order ${id}`)
    return order
  }

  notice(id: string): Notice {
    const notice = this.#simulator.outbox.get(id)
    if (!notice) throw new NotFound(`there is no notification ${id}`)
    return notice
  }

  /**
   * Pays, and by default delivers what follows before it resolves.
   * @param client what the app was handed: checked, and enough to find or open the order
   */
  async pay(
    id: string | undefined,
    { client, async, ...wish }: PayWish & { client?: Json | undefined; async?: boolean | undefined },
  ): Promise<Order> {
    const { cashier } = this.#simulator
    const opened = client === undefined ? undefined : cashier.open(client)
    const order = opened ?? this.order(id ?? '')
    if (opened && id !== undefined && ![opened.id, opened.outTradeNo].includes(id)) {
      throw new LocalError('USAGE', `the parameters are for order ${opened.outTradeNo}, not for ${id}`)
    }
    cashier.pay(order, wish)
    if (async) this.#simulator.agenda.wake()
    else await this.#simulator.settled()
    return order
  }

  /** Somebody buys in the App Store. */
  async purchase(wish: PurchaseWish): Promise<Order> {
    const order = this.#simulator.apple.purchase(wish)
    await this.#simulator.settled()
    return order
  }

  open(client: Json): Order {
    return this.#simulator.cashier.open(client)
  }

  async end(id: string, how: 'scan' | 'fail' | 'close' | 'expire' | 'revoke'): Promise<Order> {
    const { ledger } = this.#simulator
    const order = this.order(id)
    switch (how) {
      case 'scan':
        ledger.scan(order)
        break
      case 'fail':
        ledger.fail(order)
        break
      case 'close':
        ledger.close(order)
        break
      case 'expire':
        ledger.close(order, 'EXPIRED')
        break
      case 'revoke':
        if (order.status === 'PAID') return (await this.refund(id, undefined, 'revoked')).order
        ledger.close(order, 'REVOKED')
    }
    await this.#simulator.settled()
    return order
  }

  /** A refund made in the merchant's console. @param amount fen; default: all that is left */
  async refund(
    id: string,
    amount: number | undefined,
    reason: string,
  ): Promise<{ order: Order; refund: Refund }> {
    const { ledger } = this.#simulator
    const order = this.order(id)
    const refundId = this.#simulator.platformOf(order).refundNumber()
    const refund = ledger.refund(order, {
      outRefundNo: numbers.id('console'),
      refundId,
      amount: amount ?? Math.max(1, refundableOf(order)),
      reason,
      notifyUrl: '',
      source: 'MERCHANT',
    })
    await this.#simulator.settled()
    return { order, refund }
  }

  /** @param id ours, the merchant's or the platform's number @throws NotFound, Refusal settled */
  async settle(
    id: string,
    status: Exclude<RefundStatus, 'PROCESSING'>,
  ): Promise<{ order: Order; refund: Refund }> {
    for (const order of this.#simulator.ledger.orders()) {
      const refund = order.refunds.find((entry) => [entry.id, entry.refundId, entry.outRefundNo].includes(id))
      if (!refund) continue
      this.#simulator.ledger.settle(order, refund, status)
      await this.#simulator.settled()
      return { order, refund }
    }
    throw new NotFound(`there is no refund ${id}`)
  }

  /** @throws LocalError USAGE for what is no fault, or none of the order's provider */
  arm(wanted: Parameters<Faults['arm']>[0]): Fault {
    const { faults, ledger } = this.#simulator
    const number = wanted.match?.out_trade_no
    const named = number ? ledger.orders().find(({ outTradeNo }) => outTradeNo === number) : undefined
    return faults.arm(wanted, wanted.match?.provider ?? named?.provider)
  }

  /** Sends a notification now. @param mutate a fault of notifications, played in each of these attempts */
  async deliver(id: string, times = 1, mutate?: string, args: JsonObject = {}): Promise<Attempt[]> {
    const { outbox } = this.#simulator
    const notice = this.notice(id)
    const fault = mutate ? adHoc(mutate, args, outbox.faultsOf(notice)) : undefined
    const attempts: Attempt[] = []
    for (let count = 0; count < times; count += 1) attempts.push(await outbox.deliver(notice, fault))
    await this.#simulator.settled()
    return attempts
  }
}

// internals

function adHoc(mutate: string, args: JsonObject, possible: readonly FaultKind[]): Fault {
  const name = mutate.startsWith('notify.') ? mutate : `notify.${mutate}`
  const fault = possible.find((kind) => kind === name)
  if (!fault) {
    throw new LocalError('USAGE', `this notification cannot play the fault "${name}"`, {
      hint: `choose one of ${possible.join(', ')}`,
    })
  }
  checkFault(fault, args)
  return { id: numbers.id('f'), fault, args, match: {}, times: 1 }
}
