/** Callback of orders of type `test`: an example, and good for trying things out. */
import type { Callback } from '../payments/callback.ts'

const test: Callback = ({ data }) => {
  console.info(`uni-pay: test order ${data.out_trade_no} is paid: ${data.total_fee} fen`)
  return true
}

export default test
