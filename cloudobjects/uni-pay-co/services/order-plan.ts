/** An order on its way to the platform. */
import type { Caller } from '../caller.ts'
import type { Merchant } from '../providers/merchant.ts'
import type { CheckedOrder } from './order-check.ts'

/** What createOrder works with, once it is known how the order is to be paid. */
export interface OrderPlan {
  order: CheckedOrder
  outTradeNo: string
  payType: string
  merchant: Merchant
  notifyUrl: string
  caller: Caller
}
