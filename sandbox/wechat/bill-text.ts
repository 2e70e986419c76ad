/** WeChat's bill files: UTF-8, CRLF, a backtick before every value (payment-platforms.md §3.7). */
import { spacedTime } from '../core/beijing-time.ts'
import { yuan } from '../core/money.ts'
import { type BillType, type FlowRow, feeOf, type TradeRow } from '../core/statement.ts'

/** @param generation V2 bills have older columns */
export function tradeBill(rows: TradeRow[], type: BillType, generation: 'v2' | 'v3'): string {
  const columns = (generation === 'v2' ? v2Columns : v3Columns).filter(
    ({ only }) => !only || only.includes(type),
  )
  return text([
    columns.map(({ title }) => title).join(','),
    ...rows.map((row) => values(columns.map(({ value }) => value(row)))),
    ...summary(rows, generation),
  ])
}

export function fundFlowBill(rows: FlowRow[]): string {
  const income = rows.filter(({ amount }) => amount > 0)
  const outgo = rows.filter(({ amount }) => amount < 0)
  const total = (list: FlowRow[]): string => yuan(list.reduce((sum, { amount }) => sum + Math.abs(amount), 0))
  return text([
    '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号',
    ...rows.map((row, at) =>
      values([
        spacedTime(row.at),
        businessNumber(row),
        `${businessNumber(row).slice(-18)}${String(at).padStart(3, '0')}`,
        flowNames[row.kind],
        flowNames[row.kind],
        row.amount < 0 ? '支出' : '收入',
        yuan(Math.abs(row.amount)),
        yuan(row.balance),
        'system',
        '',
        row.refund?.outRefundNo ?? row.order.outTradeNo,
      ]),
    ),
    '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
    values([String(rows.length), String(income.length), total(income), String(outgo.length), total(outgo)]),
  ])
}

// internals

const flowNames: Record<FlowRow['kind'], string> = {
  paid: '交易',
  refunded: '退款',
  fee: '扣除交易手续费',
  feeBack: '退还交易手续费',
}

function businessNumber({ order, refund }: FlowRow): string {
  return refund?.refundId ?? order.transactionId ?? ''
}

interface Column {
  title: string
  value(row: TradeRow): string
  /** Bills that have it; absent: all. */
  only?: readonly BillType[]
}

const withRefunds: readonly BillType[] = ['ALL', 'REFUND']

function column(title: string, value: Column['value'], only?: readonly BillType[]): Column {
  return only ? { title, value, only } : { title, value }
}

const paid = ({ order, refund }: TradeRow): string => (refund ? '0.00' : yuan(order.paid ?? 0))
const refunded = ({ refund }: TradeRow): string => yuan(refund?.amount ?? 0)

/** Five decimals, negative for refunds. */
const fee = ({ order, refund }: TradeRow): string =>
  refund ? `-${yuan(feeOf(refund.amount))}000` : `${yuan(feeOf(order.paid ?? 0))}000`

const head: Column[] = [
  column('交易时间', ({ at }) => spacedTime(at)),
  column('公众账号ID', ({ order }) => order.appId),
  column('商户号', ({ order }) => order.merchantId),
]
const middle: Column[] = [
  column('设备号', () => ''),
  column('微信订单号', ({ order }) => order.transactionId ?? ''),
  column('商户订单号', ({ order }) => order.outTradeNo),
  column('用户标识', ({ order }) => order.payer ?? ''),
  column('交易类型', ({ order }) => order.tradeType),
  column('交易状态', ({ refund }) => (refund ? 'REFUND' : 'SUCCESS')),
  column('付款银行', () => 'OTHERS'),
  column('货币种类', () => 'CNY'),
]
const refundNumbers: Column[] = [
  column('微信退款单号', ({ refund }) => refund?.refundId ?? '0', withRefunds),
  column('商户退款单号', ({ refund }) => refund?.outRefundNo ?? '0', withRefunds),
  column('退款金额', refunded, withRefunds),
]
const refundKind: Column[] = [
  column('退款类型', ({ refund }) => (refund ? 'ORIGINAL' : ''), withRefunds),
  column('退款状态', ({ refund }) => refund?.status ?? '', withRefunds),
]
const goods: Column[] = [
  column('商品名称', ({ order }) => order.description),
  column('商户数据包', ({ order }) => order.attach),
  column('手续费', fee),
  column('费率', () => '0.60%'),
]

const v3Columns: Column[] = [
  ...head,
  column('特约商户号', () => '0'),
  ...middle,
  column('应结订单金额', paid),
  column('代金券金额', () => '0.00'),
  column('退款申请时间', ({ refund }) => (refund ? spacedTime(refund.createdAt) : ''), ['REFUND']),
  column('退款成功时间', ({ refund }) => (refund?.doneAt ? spacedTime(refund.doneAt) : ''), ['REFUND']),
  ...refundNumbers,
  column('充值券退款金额', () => '0.00', withRefunds),
  ...refundKind,
  ...goods,
  column('订单金额', paid),
  column('申请退款金额', refunded, withRefunds),
  column('费率备注', () => ''),
]

const v2Columns: Column[] = [
  ...head,
  column('子商户号', () => '0'),
  ...middle,
  column('总金额', paid),
  column('代金券或立减优惠金额', () => '0.00'),
  ...refundNumbers,
  column('代金券或立减优惠退款金额', () => '0.00', withRefunds),
  ...refundKind,
  ...goods,
]

function summary(rows: TradeRow[], generation: 'v2' | 'v3'): string[] {
  const sum = (of: (row: TradeRow) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const paidFen = sum(({ order, refund }) => (refund ? 0 : (order.paid ?? 0)))
  const refundedFen = sum(({ refund }) => refund?.amount ?? 0)
  const fees = sum(({ order, refund }) => (refund ? -feeOf(refund.amount) : feeOf(order.paid ?? 0)))
  const common = [String(rows.length), yuan(paidFen), yuan(refundedFen), '0.00', `${yuan(fees)}000`]
  if (generation === 'v2') {
    return ['总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额', values(common)]
  }
  return [
    '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
    values([...common, yuan(paidFen), yuan(refundedFen)]),
  ]
}

/** The format has no quoting: what would end a value becomes a space. */
function values(list: string[]): string {
  return list.map((value) => `\`${value.replace(/[,\r\n`]/g, ' ')}`).join(',')
}

function text(lines: string[]): string {
  return lines.map((line) => `${line}\r\n`).join('')
}
