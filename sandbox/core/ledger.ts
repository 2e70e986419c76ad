/**
 * Orders and their money, by rules that every platform shares. Platforms translate: requests into these calls,
 * refusals into their own codes, events into notifications.
 */
import type { Agenda, DueItem } from './agenda.ts'
import type { BusinessClock } from './business-clock.ts'
import type { DocumentStore } from './document-store.ts'
import { numbers } from './numbers.ts'
import { isUnpaid, type Order, type Refund, type RefundStatus, refundableOf } from './order.ts'
import { OrderBook } from './order-book.ts'
import { Refusal } from './refusal.ts'

export type LedgerEvent =
  | { type: 'paid' | 'closed' | 'expired'; order: Order; pauseMs?: number }
  | { type: 'refund'; order: Order; refund: Refund }

export type NewOrder = Omit<Order, 'id' | 'serial' | 'status' | 'token' | 'refunds' | 'createdAt' | 'prepaid'>

export interface Payment {
  /** Default: the order's own payer, else the platform's test payer. */
  payer: string
  transactionId: string
  /** Default: the order's total. */
  amount?: number
  /** Money that arrives although the order is closed. */
  late?: boolean
  /** Real ms until the merchant hears of it; default: at once. */
  pauseMs?: number
}

/** So that a merchant has the answer to his request to close before he hears of money that came all the same. */
export const LATE_PAY_MS = 300

export interface NewRefund {
  outRefundNo: string
  refundId: string
  amount: number
  /** The order's total as the merchant names it, where the platform asks for it. */
  total?: number
  reason: string
  notifyUrl: string
  source: Refund['source']
  /** How long it stays PROCESSING, in ms; without it, it is done at once. */
  settleAfter?: number
  settleAs?: Refund['settleAs']
}

export interface RefundRules {
  maxRefunds: number
  /** Since the payment, in ms. */
  maxAge: number
  /** Between two refunds of one order, in ms. */
  pause: number
}

const noRules: RefundRules = {
  maxRefunds: Number.POSITIVE_INFINITY,
  maxAge: Number.POSITIVE_INFINITY,
  pause: 0,
}
const KIND = 'orders'
const vital = ['id', 'serial', 'platform', 'outTradeNo', 'status', 'refunds', 'prepaid', 'details'] as const

/** The book of orders, and the rules by which it changes. */
export class Ledger extends OrderBook {
  readonly #clock: BusinessClock
  readonly #store: DocumentStore
  readonly #emit: (event: LedgerEvent) => void

  /** @param emit called once for each thing that happened, before anything is answered */
  constructor(
    parts: { clock: BusinessClock; store: DocumentStore; agenda: Agenda },
    emit: (event: LedgerEvent) => void,
  ) {
    super()
    this.#clock = parts.clock
    this.#store = parts.store
    this.#emit = emit
    parts.agenda.add({ nextDue: () => this.#nextDue() })
  }

  async load(): Promise<void> {
    for (const order of await this.#store.load<Order>(KIND, vital)) this.enter(order)
  }

  /** Forgets every order. */
  async clear(): Promise<void> {
    this.forget()
    await this.#store.clear([KIND])
  }

  /** @throws nothing: whether the number is free is for the platform to ask first (`find`) */
  create(fields: NewOrder): Order {
    const order: Order = {
      id: numbers.id('o'),
      serial: this.nextSerial(),
      status: 'CREATED',
      token: numbers.token(),
      refunds: [],
      prepaid: [],
      createdAt: this.#clock.now(),
      ...fields,
    }
    this.enter(order)
    this.changed(order)
    return order
  }

  /** To be called after an order's own fields were changed. */
  changed(order: Order): void {
    this.#store.put(KIND, order.id, order)
  }

  /** The payer opened the cashier. */
  scan(order: Order): void {
    if (order.status !== 'CREATED') return
    order.status = 'SCANNED'
    order.scannedAt = this.#clock.now()
    this.changed(order)
  }

  /** @throws Refusal paid, closed, wrongPayer */
  pay(order: Order, payment: Payment): void {
    if (order.status === 'PAID') throw new Refusal('paid', `order ${order.outTradeNo} is paid already`)
    if (!isUnpaid(order) && !payment.late) {
      throw new Refusal(
        'closed',
        `order ${order.outTradeNo} is ${order.status} and cannot be paid any more; make a new one`,
      )
    }
    if (order.openid && payment.payer !== order.openid) {
      throw new Refusal(
        'wrongPayer',
        `order ${order.outTradeNo} is for ${order.openid}, not for ${payment.payer}`,
      )
    }
    order.status = 'PAID'
    order.paidAt = this.#clock.now()
    order.scannedAt ??= order.paidAt
    order.paid = payment.amount ?? order.total
    order.payer = payment.payer
    order.transactionId ??= payment.transactionId
    const { pauseMs } = payment
    this.#happened({ type: 'paid', order, ...(pauseMs === undefined ? {} : { pauseMs }) })
  }

  /** The payer tried and it did not work; he may try again. @throws Refusal paid, closed */
  fail(order: Order): void {
    this.#mustBeUnpaid(order)
    order.status = 'FAILED'
    this.changed(order)
  }

  /** @throws Refusal paid, closed */
  close(order: Order, as: 'CLOSED' | 'REVOKED' | 'EXPIRED' = 'CLOSED'): void {
    this.#mustBeUnpaid(order)
    order.status = as
    order.closedAt = this.#clock.now()
    this.#happened({ type: as === 'EXPIRED' ? 'expired' : 'closed', order })
  }

  /**
   * Gives money back; the same number with the same data gives the refund that is there already.
   * @throws Refusal unpaid, refundDifferent, wrongTotal, tooMuch, tooManyRefunds, tooLate, tooSoon
   */
  refund(order: Order, wanted: NewRefund, rules: Partial<RefundRules> = {}): Refund {
    const before = order.refunds.find((refund) => refund.outRefundNo === wanted.outRefundNo)
    if (before) {
      if (before.amount === wanted.amount) return before
      throw new Refusal(
        'refundDifferent',
        `refund ${wanted.outRefundNo} exists with ${before.amount} fen, now ${wanted.amount} is asked for`,
      )
    }
    this.#checkRefund(order, wanted, { ...noRules, ...rules })
    const now = this.#clock.now()
    const refund: Refund = {
      id: numbers.id('r'),
      refundId: wanted.refundId,
      outRefundNo: wanted.outRefundNo,
      amount: wanted.amount,
      reason: wanted.reason,
      notifyUrl: wanted.notifyUrl,
      status: 'PROCESSING',
      createdAt: now,
      source: wanted.source,
      details: {},
    }
    if (wanted.settleAs) refund.settleAs = wanted.settleAs
    order.refunds.push(refund)
    if (wanted.settleAfter === undefined) this.settle(order, refund, wanted.settleAs ?? 'SUCCESS')
    else refund.settleAt = now + wanted.settleAfter
    this.changed(order)
    return refund
  }

  /** Ends a PROCESSING refund. @throws Refusal settled */
  settle(order: Order, refund: Refund, status: Exclude<RefundStatus, 'PROCESSING'>): void {
    if (refund.status !== 'PROCESSING') {
      throw new Refusal('settled', `refund ${refund.outRefundNo} is ${refund.status} already`)
    }
    refund.status = status
    refund.doneAt = this.#clock.now()
    delete refund.settleAt
    this.#happened({ type: 'refund', order, refund })
  }

  // internals

  #happened(event: LedgerEvent): void {
    this.changed(event.order)
    this.#emit(event)
  }

  #mustBeUnpaid(order: Order): void {
    if (isUnpaid(order)) return
    if (order.status === 'PAID') throw new Refusal('paid', `order ${order.outTradeNo} is paid`)
    throw new Refusal('closed', `order ${order.outTradeNo} is ${order.status}`)
  }

  #checkRefund(order: Order, wanted: NewRefund, rules: RefundRules): void {
    if (order.status !== 'PAID') {
      throw new Refusal('unpaid', `order ${order.outTradeNo} is ${order.status}: there is nothing to refund`)
    }
    if (wanted.total !== undefined && wanted.total !== order.total) {
      throw new Refusal('wrongTotal', `the order's total is ${order.total}, the refund says ${wanted.total}`)
    }
    const left = refundableOf(order)
    if (wanted.amount > left) {
      throw new Refusal('tooMuch', `${left} of ${order.paid} fen can still be refunded, not ${wanted.amount}`)
    }
    if (order.refunds.length >= rules.maxRefunds) {
      throw new Refusal('tooManyRefunds', `order ${order.outTradeNo} has ${order.refunds.length} refunds`)
    }
    const now = this.#clock.now()
    if (now - (order.paidAt ?? now) > rules.maxAge) {
      throw new Refusal('tooLate', `order ${order.outTradeNo} was paid too long ago`)
    }
    const last = order.refunds.at(-1)
    if (last && now - last.createdAt < rules.pause) {
      throw new Refusal(
        'tooSoon',
        `the last refund of ${order.outTradeNo} was ${now - last.createdAt} ms ago`,
      )
    }
  }

  #nextDue(): DueItem | undefined {
    let next: DueItem | undefined
    const offer = (at: number, run: () => void): void => {
      if (!next || at < next.at) next = { at, run }
    }
    for (const order of this.entries()) {
      if (isUnpaid(order)) offer(order.expiresAt, () => this.close(order, 'EXPIRED'))
      for (const refund of order.refunds) {
        if (refund.settleAt === undefined) continue
        offer(refund.settleAt, () => this.settle(order, refund, refund.settleAs ?? 'SUCCESS'))
      }
    }
    return next
  }
}
