/** A row of `uni-pay-orders` (spec/uni-pay.md §3.8). Amounts are integers in fen, times ms since 1970. */

/** −1 closed, 0 unpaid, 1 paid, 2 partly refunded, 3 fully refunded. */
export type OrderStatus = -1 | 0 | 1 | 2 | 3

export interface RefundEntry {
  refund_date: number
  refund_fee: number
  out_refund_no: string
  refund_desc: string
}

/** Who runs the callback, and until when nobody else may. */
export interface CallbackClaim {
  id: string
  until: number
  /** 1 the first time. */
  attempts: number
}

export interface OrderRow extends UniCloudGuest.Row {
  _id: string
  provider: string
  provider_pay_type: string
  uni_platform?: string
  status: OrderStatus
  /** Names the callback. */
  type: string
  order_no: string
  out_trade_no: string
  transaction_id?: string
  user_id?: string
  openid?: string
  description?: string
  err_msg?: string
  total_fee: number
  refund_fee: number
  refund_count: number
  refund_list?: RefundEntry[]
  provider_appid?: string
  appid?: string
  /** Absent until the callback ran to its end. */
  user_order_success?: boolean
  /** There while the callback runs, and after it was cut off. */
  callback_claim?: CallbackClaim
  create_date: number
  pay_date?: number
  notify_date?: number
  expand_data?: UniCloudGuest.Row
  appleiap_account_token?: string
}

/** One to be inserted; the database numbers it. */
export type NewOrderRow = { [K in keyof OrderRow as K extends '_id' ? never : K]: OrderRow[K] }
