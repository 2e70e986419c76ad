/** Asks Apple about a purchase, in the environment of the configuration and then in the other one. */

import type { OrderRow } from '../dao/order-row.ts'
import { reasonOf } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'
import { isOfGoods, type Purchase, purchaseOf, purchaseOfReceipt } from './purchase.ts'

type Row = UniCloudGuest.Row

/** ms that a receipt may be old. */
const receiptLifetime = 24 * 3600_000

export type Verdict = { purchase: Purchase } | 'too-old' | undefined

/**
 * By the App Store Server API: the purchase carries the account token of its order.
 *
 * @returns undefined when it does not pay this order
 */
export async function askByTransaction(
  merchant: Merchant,
  transactionId: string,
  order: OrderRow,
): Promise<Purchase | undefined> {
  for (const place of await environments(merchant)) {
    const transaction = await attempt(() => place.call('getTransaction', { transactionId }))
    if (transaction && pays(transaction, order)) return purchaseOf(transaction)
  }
  return undefined
}

/** By a receipt, as apps of uni-pay 2.x send it. */
export async function askByReceipt(
  merchant: Merchant,
  receiptData: string,
  transactionId: string,
  order: OrderRow,
): Promise<Verdict> {
  const receipt = await receiptOf(merchant, receiptData)
  if (!receipt) return undefined
  const entries = Array.isArray(receipt.in_app) ? (receipt.in_app as Row[]) : [receipt]
  const entry = entries.find(({ transaction_id }) => transaction_id === transactionId)
  if (!entry || entry.cancellation_date_ms) return undefined
  const purchase = purchaseOfReceipt(entry)
  if (!isOfGoods(purchase, order)) return undefined
  const made = Number(receipt.receipt_creation_date_ms ?? purchase.purchasedAt)
  return Date.now() - made > receiptLifetime ? 'too-old' : { purchase }
}

// internals

async function receiptOf(merchant: Merchant, receiptData: string): Promise<Row | undefined> {
  for (const place of await environments(merchant)) {
    const answer = await attempt(() => place.call('verifyReceipt', { receiptData }))
    if (answer?.tradeState === 'SUCCESS') return answer.receipt as Row
  }
  return undefined
}

/** Apps under review buy in the sandbox, whatever the configuration says. */
async function environments(merchant: Merchant): Promise<Merchant[]> {
  const { provider, payType, node } = merchant
  return [merchant, await Merchant.open({ provider, payType, overrides: { sandbox: node.sandbox !== true } })]
}

function pays(transaction: Row, order: OrderRow): boolean {
  const { inAppOwnershipType, appAccountToken, revocationDate } = transaction
  const token = String(appAccountToken ?? '').toLowerCase()
  if (inAppOwnershipType !== 'PURCHASED' || revocationDate !== undefined) return false
  return token !== '' && token === order.appleiap_account_token && isOfGoods(purchaseOf(transaction), order)
}

/** The one environment not knowing it is no failure. */
async function attempt(ask: () => Promise<Row>): Promise<Row | undefined> {
  try {
    return await ask()
  } catch (error) {
    console.warn(`uni-pay: the App Store does not confirm a purchase: ${reasonOf(error)}`)
    return undefined
  }
}
