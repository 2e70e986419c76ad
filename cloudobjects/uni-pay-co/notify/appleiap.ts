/** Callback of orders of type `appleiap`: an example. What was bought stands in `data.expand_data.product_id`. */
import type { Callback } from '../payments/callback.ts'

const appleiap: Callback = ({ data, verifyResult }) => {
  const product = verifyResult.productId ?? data.expand_data?.product_id
  console.info(`uni-pay: App Store order ${data.out_trade_no} of ${product} is paid`)
  return true
}

export default appleiap
