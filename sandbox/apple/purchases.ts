/** What was bought in the App Store: every transaction is an order that was paid in the moment it was made. */
import type { JsonObject } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'

export type Environment = 'Sandbox' | 'Production'

export const purchaseTypes = [
  'Consumable',
  'Non-Consumable',
  'Non-Renewing Subscription',
  'Auto-Renewable Subscription',
] as const

export interface PurchaseWish {
  productId: string
  quantity: number
  /** Thousandths of the currency unit, for one. */
  price: number
  type: (typeof purchaseTypes)[number]
  appAccountToken?: string | undefined
  environment: Environment
  /** Of the first transaction of a subscription, when this one renews it. */
  originalTransactionId?: string | undefined
  ownership: 'PURCHASED' | 'FAMILY_SHARED'
  /** Epoch ms; default: now. */
  purchaseDate?: number | undefined
}

/** A subscription lasts so long. */
const MONTH_MS = 30 * 24 * 3600_000

export function purchase(parts: PlatformParts, wish: PurchaseWish): Order {
  const { bundle_id } = parts.keys().constants.apple
  const at = wish.purchaseDate ?? parts.clock.now()
  const transactionId = numbers.appleTransaction()
  const original = wish.originalTransactionId
    ? parts.ledger.find('appleiap', bundle_id, { outTradeNo: wish.originalTransactionId })
    : undefined
  const order = parts.ledger.create({
    provider: 'appleiap',
    platform: 'apple',
    appId: bundle_id,
    merchantId: bundle_id,
    outTradeNo: transactionId,
    tradeType: wish.type,
    description: `${wish.productId} × ${wish.quantity}`,
    total: Math.max(1, Math.round((wish.price * wish.quantity) / 10)),
    attach: '',
    openid: '',
    notifyUrl: parts.settings.values.appleNotifyUrl,
    expiresAt: at,
    details: {
      productId: wish.productId,
      quantity: wish.quantity,
      price: wish.price,
      environment: wish.environment,
      originalTransactionId: wish.originalTransactionId ?? transactionId,
      originalPurchaseDate: original?.paidAt ?? at,
      ownership: wish.ownership,
      purchaseDate: at,
      ...(wish.appAccountToken ? { appAccountToken: wish.appAccountToken } : {}),
      ...(wish.type === 'Auto-Renewable Subscription' ? { expiresDate: at + MONTH_MS } : {}),
    },
  })
  parts.ledger.pay(order, { payer: wish.appAccountToken ?? '', transactionId })
  return order
}

export function find(parts: PlatformParts, transactionId: string): Order | undefined {
  return parts.ledger.find('appleiap', parts.keys().constants.apple.bundle_id, { outTradeNo: transactionId })
}

/** Every transaction of a subscription, or the one alone; oldest first. */
export function history(parts: PlatformParts, order: Order): Order[] {
  return parts.ledger
    .orders()
    .filter(
      ({ provider, details }) =>
        provider === 'appleiap' && details.originalTransactionId === order.details.originalTransactionId,
    )
    .reverse()
}

/** What a signed transaction says. @param signedDate epoch ms */
export function transactionPayload(order: Order, signedDate: number, changes: JsonObject = {}): JsonObject {
  const { details } = order
  const refund = order.refunds.find(({ status }) => status === 'SUCCESS')
  return {
    transactionId: order.outTradeNo,
    originalTransactionId: details.originalTransactionId ?? order.outTradeNo,
    bundleId: order.appId,
    productId: details.productId ?? '',
    purchaseDate: details.purchaseDate ?? 0,
    originalPurchaseDate: details.originalPurchaseDate ?? 0,
    ...(details.expiresDate === undefined
      ? {}
      : {
          expiresDate: details.expiresDate,
          subscriptionGroupIdentifier: '20000001',
          webOrderLineItemId: order.outTradeNo,
        }),
    quantity: details.quantity ?? 1,
    type: order.tradeType,
    ...(details.appAccountToken === undefined ? {} : { appAccountToken: details.appAccountToken }),
    inAppOwnershipType: details.ownership ?? 'PURCHASED',
    signedDate,
    environment: details.environment ?? 'Sandbox',
    transactionReason: isRenewal(order) ? 'RENEWAL' : 'PURCHASE',
    storefront: 'CHN',
    storefrontId: '143465',
    price: details.price ?? 0,
    currency: 'CNY',
    ...(refund ? { revocationDate: refund.doneAt ?? refund.createdAt, revocationReason: 0 } : {}),
    ...changes,
  }
}

export function isRenewal(order: Order): boolean {
  return order.details.originalTransactionId !== order.outTradeNo
}
