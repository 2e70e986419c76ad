/** What happened to a merchant's money, day by day: the rows that WeChat's bills are made of. */
import { DAY_MS, startOfDay } from '../core/beijing-time.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Order, Refund } from '../core/order.ts'

/** A payment, or (with `refund`) a refund. */
export interface TradeRow {
  at: number
  order: Order
  refund?: Refund
}

export interface FlowRow {
  at: number
  /** Fen; negative: out. */
  amount: number
  balance: number
  name: string
  businessNumber: string
  voucher: string
}

/** Basis points of the merchant's fee. */
const FEE_RATE = 60

/** Half a fen counts as one. */
export function feeOf(fen: number): number {
  return Math.round((fen * FEE_RATE) / 10_000)
}

/** Which trades a bill lists. */
export type BillType = 'ALL' | 'SUCCESS' | 'REFUND'

/** Payments and refunds of one day, in time order. @param day `2026-01-01` */
export function tradesOf(ledger: Ledger, mchid: string, day: string, type: BillType): TradeRow[] {
  const rows = onDay(allTrades(ledger, mchid), day)
  return rows.filter(({ refund }) => type === 'ALL' || (type === 'REFUND') === (refund !== undefined))
}

/** Movements of the merchant's account on one day, with the balance after each. */
export function flowsOf(ledger: Ledger, mchid: string, day: string): FlowRow[] {
  let balance = 0
  const rows: FlowRow[] = []
  for (const { at, order, refund } of allTrades(ledger, mchid)) {
    const paid = refund ? refund.amount : (order.paid ?? 0)
    const sign = refund ? -1 : 1
    const voucher = refund ? refund.outRefundNo : order.outTradeNo
    const businessNumber = refund ? refund.refundId : (order.transactionId ?? '')
    const move = (amount: number, name: string): void => {
      balance += amount
      rows.push({ at, amount, balance, name, businessNumber, voucher })
    }
    move(sign * paid, refund ? '退款' : '交易')
    if (feeOf(paid) > 0) move(-sign * feeOf(paid), refund ? '退还交易手续费' : '扣除交易手续费')
  }
  return onDay(rows, day)
}

// internals

function allTrades(ledger: Ledger, mchid: string): TradeRow[] {
  const rows: TradeRow[] = []
  for (const order of ledger.orders()) {
    if (order.provider !== 'wxpay' || order.merchantId !== mchid || order.paidAt === undefined) continue
    rows.push({ at: order.paidAt, order })
    for (const refund of order.refunds) {
      if (refund.status !== 'CLOSED') rows.push({ at: refund.createdAt, order, refund })
    }
  }
  return rows.sort((a, b) => a.at - b.at)
}

function onDay<T extends { at: number }>(rows: T[], day: string): T[] {
  const start = startOfDay(day)
  if (start === undefined) return []
  return rows.filter(({ at }) => at >= start && at < start + DAY_MS)
}
