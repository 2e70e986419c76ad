/** A purchase in the App Store that is known to be genuine, and whether it pays an order. */
import type { OrderRow } from '../dao/order-row.ts'

type Row = UniCloudGuest.Row

export interface Purchase {
  transactionId: string
  /** Of the first purchase of a subscription. */
  originalTransactionId: string
  productId: string
  quantity: number
  /** ms */
  purchasedAt: number
  subscription: boolean
  /** Of one, fen; receipts do not say. */
  price: number | undefined
  /** As Apple has it. */
  content: Row
}

/** Who bought one thing must not get another. */
export function isOfGoods({ productId, quantity }: Purchase, { expand_data }: OrderRow): boolean {
  const { product_id, buy_quantity } = expand_data ?? {}
  return (!product_id || product_id === productId) && (!buy_quantity || buy_quantity === quantity)
}

/** A transaction of the App Store Server API. */
export function purchaseOf(transaction: Row): Purchase {
  const { price } = transaction
  return {
    transactionId: String(transaction.transactionId),
    originalTransactionId: String(transaction.originalTransactionId ?? transaction.transactionId),
    productId: String(transaction.productId),
    quantity: Number(transaction.quantity ?? 1),
    purchasedAt: Number(transaction.purchaseDate),
    subscription: transaction.type === 'Auto-Renewable Subscription',
    // Apple counts in thousandths.
    price: typeof price === 'number' ? Math.round(price / 10) : undefined,
    content: transaction,
  }
}

/** An entry of a receipt's `in_app`. */
export function purchaseOfReceipt(entry: Row): Purchase {
  const { transaction_id, original_transaction_id, product_id, quantity, purchase_date_ms } = entry
  return {
    transactionId: String(transaction_id),
    originalTransactionId: String(original_transaction_id ?? transaction_id),
    productId: String(product_id),
    quantity: Number(quantity ?? 1),
    purchasedAt: Number(purchase_date_ms ?? 0),
    subscription: false,
    price: undefined,
    content: entry,
  }
}
