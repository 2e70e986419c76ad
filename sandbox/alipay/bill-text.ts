/**
 * The CSV files of Alipay's bills: comment lines, a header, rows whose texts end in a tab (so that spreadsheets leave
 * long numbers alone), sums, CRLF. Columns and frames are those of files that merchants get.
 */
import { compactTime, spacedTime } from '../core/beijing-time.ts'
import { yuan } from '../core/money.ts'
import type { Order } from '../core/order.ts'
import { type FlowRow, feeOf, type TradeRow } from '../core/statement.ts'
import type { BillPeriod } from './bill-period.ts'
import { buyerLogonId } from './trade.ts'

export interface BillHead {
  /** The seller's id, with the suffix of its account. */
  account: string
  period: BillPeriod
  now: number
}

/** Payments and refunds of a merchant, one a row. */
export function tradeDetails(head: BillHead, rows: TradeRow[]): string {
  const payments = rows.filter(({ refund }) => !refund)
  const refunds = rows.filter(({ refund }) => refund)
  return text(
    head,
    '业务明细',
    [
      '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,' +
        '商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,' +
        '卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注',
      ...rows.map(tradeLine),
    ],
    [
      `交易合计：${payments.length}笔，商家实收共${yuan(sum(payments))}元，商家优惠共0.00元`,
      `退款合计：${refunds.length}笔，商家实收退款共${yuan(-sum(refunds))}元，商家优惠退款共0.00元`,
    ],
  )
}

export function tradeSummary(head: BillHead, rows: TradeRow[]): string {
  const payments = rows.filter(({ refund }) => !refund)
  const total = yuan(sum(rows))
  const fees = rows.reduce((all, row) => all + feeIn(row), 0)
  const counts = [payments.length, rows.length - payments.length]
  return text(
    head,
    '业务汇总',
    [
      '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,' +
        '卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）',
      `合计\t,\t,${[...counts, total, total, '0.00', '0.00', '0.00', yuan(fees), '0.00', yuan(sum(rows) + fees)].join(',')}`,
    ],
    [],
  )
}

/** Movements of the merchant's balance, the newest first. */
export function fundDetails(head: BillHead, rows: FlowRow[]): string {
  const [income, outgo] = split(rows)
  const lines = rows.map((row, at) => fundLine(row, at)).reverse()
  return text(
    head,
    '账务明细',
    [
      '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
      ...lines,
    ],
    [
      `支出合计：${outgo.count}笔，共${yuan(outgo.fen)}元`,
      `收入合计：${income.count}笔，共${yuan(income.fen)}元`,
    ],
  )
}

export function fundSummary(head: BillHead, rows: FlowRow[]): string {
  const kinds = (['paid', 'refunded', 'fee', 'feeBack'] as const).filter((kind) =>
    rows.some((row) => row.kind === kind),
  )
  const line = (name: string, of: FlowRow[]): string => {
    const [income, outgo] = split(of)
    return `${name}\t,${income.count},${yuan(income.fen)},${outgo.count},${yuan(outgo.fen)},${yuan(income.fen + outgo.fen)}`
  }
  return text(
    head,
    '账务汇总',
    [
      '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）',
      ...kinds.map((kind) =>
        line(
          flowNames[kind],
          rows.filter((row) => row.kind === kind),
        ),
      ),
      line('合计', rows),
    ],
    [],
  )
}

// internals

const flowNames: Record<FlowRow['kind'], string> = {
  paid: '在线支付',
  refunded: '交易退款',
  fee: '收费',
  feeBack: '退费',
}

function tradeLine({ order, refund, at }: TradeRow): string {
  const fen = refund ? -refund.amount : (order.paid ?? 0)
  const created = refund ? refund.createdAt : (order.scannedAt ?? order.createdAt)
  const done = refund ? (refund.doneAt ?? at) : at
  return [
    ...marked(order.transactionId, order.outTradeNo, refund ? '退款' : '交易'),
    plain(order.description),
    spacedTime(created),
    spacedTime(done),
    ...marked('', '', '', '', buyerLogonId),
    yuan(fen),
    yuan(fen),
    ...Array.from({ length: 5 }, () => '0.00'),
    '',
    '0.00\t',
    '0.00',
    ...marked(refund?.outRefundNo),
    yuan(feeIn({ order, at, ...(refund ? { refund } : {}) })),
    '0.00',
    plain(refund?.reason ?? String(order.details.body ?? '')),
  ].join(',')
}

function fundLine(row: FlowRow, at: number): string {
  const { order, refund, amount, balance, kind } = row
  return [
    ...marked(`${compactTime(row.at)}${String(at).padStart(6, '0')}`, order.transactionId, order.outTradeNo),
    plain(order.description),
    spacedTime(row.at),
    ...marked(kind === 'fee' || kind === 'feeBack' ? '' : buyerLogonId),
    yuan(Math.max(0, amount)),
    yuan(Math.min(0, amount)),
    yuan(balance),
    '支付宝',
    flowNames[kind],
    plain(refund?.outRefundNo ?? ''),
  ].join(',')
}

/** What the merchant pays for a payment; it comes back with a refund. */
function feeIn({ order, refund }: TradeRow): number {
  return refund ? feeOf(refund.amount) : -feeOf(order.paid ?? 0)
}

function sum(rows: TradeRow[]): number {
  return rows.reduce((all, { order, refund }) => all + (refund ? -refund.amount : paidOf(order)), 0)
}

function paidOf(order: Order): number {
  return order.paid ?? 0
}

interface Sum {
  count: number
  fen: number
}

function split(rows: FlowRow[]): [income: Sum, outgo: Sum] {
  const total = (of: FlowRow[]): Sum => ({
    count: of.length,
    fen: of.reduce((all, { amount }) => all + amount, 0),
  })
  return [total(rows.filter(({ amount }) => amount > 0)), total(rows.filter(({ amount }) => amount < 0))]
}

function marked(...values: (string | undefined)[]): string[] {
  return values.map((value = '') => `${plain(value)}\t`)
}

/** The format has no quoting: what would end a value becomes a space. */
function plain(value: string): string {
  return value.replace(/[,\t\r\n]/g, ' ')
}

function text({ account, period, now }: BillHead, list: string, lines: string[], sums: string[]): string {
  const rule = '-'.repeat(40)
  return [
    `#支付宝${list}查询`,
    `#账号：[${account}]`,
    `#起始日期：[${chineseTime(period.from)}]   终止日期：[${chineseTime(period.until)}]`,
    `#${rule}-${list}列表${rule}`,
    ...lines,
    // The two kinds of lists close with rules of their own lengths.
    list.endsWith('汇总')
      ? `#${rule}${list}列表结束${'-'.repeat(37)}`
      : `#${rule}-${list}列表结束${'-'.repeat(36)}`,
    ...sums.map((line) => `#${line}`),
    `#导出时间：[${chineseTime(now)}]`,
  ]
    .map((line) => `${line}\r\n`)
    .join('')
}

/** `2026年01月01日 08:00:00` */
function chineseTime(ms: number): string {
  return spacedTime(ms).replace(/^(\d+)-(\d+)-(\d+)/, '$1年$2月$3日')
}
