/** verifyReceiptFromAppleiap: an app says that it has bought something (spec/uni-pay.md §3.10). */
import type { Caller } from '../caller.ts'
import { bindPurchase } from '../dao/open-data.ts'
import type { NewOrderRow, OrderRow } from '../dao/order-row.ts'
import {
  findByAccountToken,
  findById,
  findByOutTradeNo,
  findByTransactionId,
  insertOrder,
} from '../dao/orders.ts'
import { PayError } from '../pay-error.ts'
import { isInterrupted } from '../payments/callback-run.ts'
import { settlePayment } from '../payments/settle.ts'
import { merchantOf } from '../services/find-order.ts'
import { paid } from '../services/get-order.ts'
import { askByReceipt, askByTransaction } from './ask-apple.ts'
import type { Purchase } from './purchase.ts'

type Row = UniCloudGuest.Row

export interface VerifyParams {
  out_trade_no?: unknown
  appleiap_account_token?: unknown
  /** Base64; apps of uni-pay 2.x. */
  transaction_receipt?: unknown
  /** Apple's number of the purchase. */
  transaction_identifier?: unknown
}

export async function verifyPurchase(params: VerifyParams, caller: Caller): Promise<Row> {
  const order = await orderOf(params)
  if (order === 'none-named') return { errCode: 0, errMsg: 'Invalid out_trade_no' }
  const transactionId = text(params.transaction_identifier)
  if (!transactionId) throw new PayError(54002)
  const merchant = await merchantOf(order)
  const receipt = text(params.transaction_receipt)
  if (receipt && !merchant.node.issuerId) {
    const verdict = await askByReceipt(merchant, receipt, transactionId, order)
    if (verdict === undefined) throw new PayError(54002)
    if (verdict === 'too-old' || !(await bindPurchase(transactionId, order.out_trade_no))) return nothingToDo
    const used = await findByTransactionId(transactionId)
    if (used && !isInterrupted(used)) return nothingToDo
    return await settle(order, verdict.purchase, caller)
  }
  const purchase = await askByTransaction(merchant, transactionId, order)
  if (!purchase) throw new PayError(54002)
  if (!purchase.subscription && Date.now() - purchase.purchasedAt > purchaseLifetime) return nothingToDo
  const known = await findByTransactionId(purchase.transactionId)
  if (known && !isInterrupted(known)) return { ...nothingToDo, repeat: true }
  return await settle(known ?? (await paidBy(order, purchase)), purchase, caller)
}

// internals

/** What an app repeats for ever unless it is answered like this. */
const nothingToDo = { errCode: 0, errMsg: 'ok' }
/** ms */
const purchaseLifetime = 72 * 3600_000

async function orderOf(params: VerifyParams): Promise<OrderRow | 'none-named'> {
  const outTradeNo = text(params.out_trade_no)
  const token = text(params.appleiap_account_token)?.toLowerCase()
  if (!outTradeNo && !token) return 'none-named'
  const order = outTradeNo ? await findByOutTradeNo(outTradeNo) : await findByAccountToken(token ?? '')
  if (order?.provider === 'appleiap') return order
  throw new PayError(52001)
}

/** A renewal is an order of its own. */
async function paidBy(order: OrderRow, purchase: Purchase): Promise<OrderRow> {
  const { subscription, transactionId, originalTransactionId, price, quantity } = purchase
  const renewal = subscription && transactionId !== originalTransactionId
  if (!renewal || order.user_order_success === undefined) return order
  const row = renewalOf(order, transactionId, price === undefined ? order.total_fee : price * quantity)
  await insertOrder(row)
  return (await findByOutTradeNo(transactionId)) ?? order
}

function renewalOf(order: OrderRow, outTradeNo: string, totalFee: number): NewOrderRow {
  const { provider, provider_pay_type, provider_appid, uni_platform, type, order_no, ...rest } = order
  const { user_id, nickname, device_id, client_ip, appid, custom, stat_data, expand_data, ...more } = rest
  const { appleiap_account_token, description = '' } = more
  const kept = { provider_appid, uni_platform, user_id, nickname, device_id, client_ip, appid, custom }
  const known = Object.entries({ ...kept, stat_data, expand_data, appleiap_account_token })
  return {
    ...Object.fromEntries(known.filter(([, value]) => value !== undefined)),
    provider,
    provider_pay_type,
    type,
    order_no,
    out_trade_no: outTradeNo,
    description: `[自动续期]${description}`,
    total_fee: totalFee,
    refund_fee: 0,
    refund_count: 0,
    status: 0,
    create_date: Date.now(),
  }
}

async function settle(order: OrderRow, purchase: Purchase, caller: Caller): Promise<Row> {
  const { transactionId, purchasedAt, content, subscription } = purchase
  await settlePayment({
    outTradeNo: order.out_trade_no,
    transactionId,
    amounts: undefined,
    provider: order.provider,
    payType: order.provider_pay_type,
    originalData: content,
    paidAt: purchasedAt,
    context: { verifyResult: content, clientInfo: caller.clientInfo, cloudInfo: caller.cloudInfo },
  })
  const current = (await findById(order._id)) ?? order
  return { ...paid(current), is_subscribe: subscription }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
