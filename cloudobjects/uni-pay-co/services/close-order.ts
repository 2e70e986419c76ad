/** closeOrder (spec/uni-pay.md §3.6). */
import { markClosed } from '../dao/orders.ts'
import { PayError, reasonOf } from '../pay-error.ts'
import { findOrder, merchantOf, type OrderNumbers } from './find-order.ts'

type Row = UniCloudGuest.Row

export async function closeOrder(params: OrderNumbers): Promise<Row> {
  const order = await findOrder(params)
  const result = await askToClose(order)
  const closed = result.resultCode === 'SUCCESS' || result.code === '10000'
  if (!closed) throw new PayError(53004, { detail: String(result.subMsg ?? '') })
  await markClosed(order._id)
  return { errCode: 0, errMsg: '订单关闭成功', result }
}

// internals

async function askToClose(order: Parameters<typeof merchantOf>[0]): Promise<Row> {
  const merchant = await merchantOf(order)
  if (!merchant.has('closeOrder')) throw new PayError(53004)
  try {
    return (await merchant.call('closeOrder', { outTradeNo: order.out_trade_no })) ?? {}
  } catch (error) {
    throw new PayError(53004, { detail: reasonOf(error) })
  }
}
