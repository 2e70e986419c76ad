/** Receipts and `verifyReceipt` (payment-platforms.md §6.1). A receipt is our own signed text in base64. */
import { createPublicKey } from 'node:crypto'
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, jsonAnswer } from '../core/exchange.ts'
import { isObject, type JsonObject, parseJson, textAt } from '../core/json.ts'
import type { Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { openJws, signJws } from './jws.ts'
import { type Environment, find, history } from './purchases.ts'

export function receiptOf(parts: PlatformParts, order: Order): string {
  const payload = { environment: order.details.environment ?? 'Sandbox', transactionId: order.outTradeNo }
  return Buffer.from(signJws(payload, parts.keys().apple)).toString('base64')
}

export function verifyReceipt(
  parts: PlatformParts,
  request: ApiRequest,
  environment: Environment,
  call: Call,
): Answer {
  const status = (code: number): Answer => jsonAnswer(200, { status: code, environment })
  if (request.method !== 'POST') return status(21000)
  const body = parseJson(request.body)
  const data = isObject(body) ? textAt(body, 'receipt-data') : undefined
  if (!isObject(body) || !data) return status(21002)
  const jws = Buffer.from(data, 'base64').toString()
  if (jws.split('.').length !== 3) return status(21002)
  const { apple, constants } = parts.keys()
  const payload = openJws(jws, createPublicKey(apple.leafKey))
  if (!payload) return status(21003)
  const password = textAt(body, 'password')
  if (password !== undefined && password !== constants.apple.shared_secret) return status(21004)
  const elsewhere = call.fault('apple.wrongEnvironment') !== undefined
  if (elsewhere || payload.environment !== environment)
    return status(environment === 'Production' ? 21007 : 21008)
  const order = find(parts, textAt(payload, 'transactionId') ?? '')
  if (!order) return status(21010)
  return jsonAnswer(200, receiptBody(parts, order, environment))
}

// internals

function receiptBody(parts: PlatformParts, order: Order, environment: Environment): JsonObject {
  const now = parts.clock.now()
  const entries = history(parts, order).map(entry)
  const subscription = order.details.expiresDate !== undefined
  return {
    status: 0,
    environment,
    receipt: {
      receipt_type: environment === 'Sandbox' ? 'ProductionSandbox' : 'Production',
      bundle_id: order.appId,
      application_version: '1',
      ...dates('receipt_creation_date', Number(order.details.purchaseDate)),
      ...dates('request_date', now),
      in_app: entries,
    },
    ...(subscription
      ? { latest_receipt_info: entries, latest_receipt: receiptOf(parts, order), pending_renewal_info: [] }
      : {}),
  }
}

/** Numbers are texts here. */
function entry(order: Order): JsonObject {
  const { details } = order
  const refund = order.refunds.find(({ status }) => status === 'SUCCESS')
  return {
    quantity: String(details.quantity),
    product_id: String(details.productId),
    transaction_id: order.outTradeNo,
    original_transaction_id: String(details.originalTransactionId),
    ...dates('purchase_date', Number(details.purchaseDate)),
    ...dates('original_purchase_date', Number(details.originalPurchaseDate)),
    ...(details.expiresDate === undefined ? {} : dates('expires_date', Number(details.expiresDate))),
    ...(refund ? dates('cancellation_date', refund.doneAt ?? refund.createdAt) : {}),
    is_trial_period: 'false',
    in_app_ownership_type: String(details.ownership),
  }
}

function dates(name: string, ms: number): JsonObject {
  return {
    [name]: `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} Etc/GMT`,
    [`${name}_ms`]: String(ms),
  }
}
