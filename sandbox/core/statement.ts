/** What happened to a merchant's money in a time: the rows that bills are made of. */
import type { Ledger } from './ledger.ts'
import type { Order, Provider, Refund } from './order.ts'

/** Whose bill it is. */
export interface Account {
  provider: Provider
  merchantId: string
}

/** From the first instant to before the second, business time in epoch ms. */
export interface Period {
  from: number
  until: number
}

/** A payment, or (with `refund`) a refund. */
export interface TradeRow {
  at: number
  order: Order
  refund?: Refund
}

export interface FlowRow extends TradeRow {
  kind: 'paid' | 'refunded' | 'fee' | 'feeBack'
  /** Fen; negative: out. */
  amount: number
  balance: number
}

/** Basis points of the merchant's fee. */
const FEE_RATE = 60

/** Half a fen counts as one. */
export function feeOf(fen: number): number {
  return Math.round((fen * FEE_RATE) / 10_000)
}

/** Which trades a bill lists. */
export type BillType = 'ALL' | 'SUCCESS' | 'REFUND'

/** Payments and refunds, in time order. */
export function tradesOf(
  ledger: Ledger,
  account: Account,
  period: Period,
  type: BillType = 'ALL',
): TradeRow[] {
  const rows = within(allTrades(ledger, account), period)
  return rows.filter(({ refund }) => type === 'ALL' || (type === 'REFUND') === (refund !== undefined))
}

/** Movements of the merchant's account, with the balance after each, in time order. */
export function flowsOf(ledger: Ledger, account: Account, period: Period): FlowRow[] {
  let balance = 0
  const rows: FlowRow[] = []
  for (const trade of allTrades(ledger, account)) {
    const { order, refund } = trade
    const fen = refund ? refund.amount : (order.paid ?? 0)
    const sign = refund ? -1 : 1
    const move = (amount: number, kind: FlowRow['kind']): void => {
      balance += amount
      rows.push({ ...trade, amount, balance, kind })
    }
    move(sign * fen, refund ? 'refunded' : 'paid')
    if (feeOf(fen) > 0) move(-sign * feeOf(fen), refund ? 'feeBack' : 'fee')
  }
  return within(rows, period)
}

// internals

function allTrades(ledger: Ledger, { provider, merchantId }: Account): TradeRow[] {
  const rows: TradeRow[] = []
  for (const order of ledger.orders()) {
    if (order.provider !== provider || order.merchantId !== merchantId || order.paidAt === undefined) continue
    rows.push({ at: order.paidAt, order })
    for (const refund of order.refunds) {
      if (refund.status !== 'CLOSED') rows.push({ at: refund.createdAt, order, refund })
    }
  }
  return rows.sort((a, b) => a.at - b.at)
}

function within<T extends { at: number }>(rows: T[], { from, until }: Period): T[] {
  return rows.filter(({ at }) => at >= from && at < until)
}
