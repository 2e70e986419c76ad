/**
 * uni-pay-co: orders, payments and refunds of a project (spec/uni-pay.md §3).
 *
 * A project configures its merchants in `uni-config-center/uni-pay/config.js`, and puts what is to happen when an
 * order is paid into `uni-config-center/uni-pay/notify/<type>.js` (or `.ts`):
 *
 * ```js
 * module.exports = async ({ verifyResult, data, clientInfo, cloudInfo }) => {
 *   if (data.total_fee !== (await priceOf(data.order_no))) return false
 *   const { updated } = await orders.where({ _id: data.order_no, paid: false }).update({ paid: true })
 *   return updated === 1 || (await isPaid(data.order_no))
 * }
 * ```
 *
 * A callback that has come to its end, with whatever result, is never run again. One that was cut off (the instance
 * timed out, the process was killed) is: it must be able to run twice. The condition `paid: false` above sees to that.
 */
import { type VerifyParams, verifyPurchase } from './apple/verify-purchase.ts'
import { enter, localeOf, type PayContext } from './caller.ts'
import { failureOf } from './pay-error.ts'
import { type HttpAnswer, refused } from './payments/acknowledgement.ts'
import { answerNotification, merchantOfPath } from './payments/notification.ts'
import { closeOrder } from './services/close-order.ts'
import { createOrder } from './services/create-order.ts'
import type { OrderNumbers } from './services/find-order.ts'
import { type GetOpenidParams, getOpenid } from './services/get-openid.ts'
import { type GetOrderParams, getOrder } from './services/get-order.ts'
import type { CreateOrderParams } from './services/order-check.ts'
import { getPayProviderFromCloud, getProviderAppId } from './services/providers.ts'
import { type Reconciled, reconcileAll } from './services/reconcile.ts'
import { getRefund, type RefundParams, refund } from './services/refund.ts'
import { requestVirtualApi, type VirtualApiParams } from './services/virtual-api.ts'

type Row = UniCloudGuest.Row

export default {
  async _before(this: PayContext): Promise<void> {
    if (notifications.includes(this.getMethodName())) return
    this.caller = await enter(this)
  },

  /** Failures with a code are answers, in the client's language. */
  _after(this: PayContext, error: unknown, result: unknown): unknown {
    if (!error) return result
    const failure = failureOf(error, localeOf(this.caller?.clientInfo ?? this.getClientInfo()))
    if (failure) return failure
    throw error
  },

  /** An order, and what the client needs to pay it. */
  async createOrder(this: PayContext, params: CreateOrderParams): Promise<Row> {
    return await createOrder(params ?? {}, this.caller)
  },

  /** Whether an order is paid; asks the platform. */
  async getOrder(this: PayContext, params: GetOrderParams): Promise<Row> {
    return await getOrder(params ?? {}, this.caller)
  },

  /** Gives money back; for administrators. */
  async refund(this: PayContext, params: RefundParams): Promise<Row> {
    return await refund(params ?? {}, this.caller)
  },

  async getRefund(params: OrderNumbers): Promise<Row> {
    return await getRefund(params ?? {})
  },

  /** An unpaid order cannot be paid any more. */
  async closeOrder(params: OrderNumbers): Promise<Row> {
    return await closeOrder(params ?? {})
  },

  async getPayProviderFromCloud(): Promise<Row> {
    return getPayProviderFromCloud()
  },

  async getProviderAppId(params: { provider?: unknown; provider_pay_type?: unknown }): Promise<Row> {
    return getProviderAppId(params ?? {})
  },

  /** Who a login code of a mini program or page stands for. */
  async getOpenid(this: PayContext, params: GetOpenidParams): Promise<Row> {
    return await getOpenid(params ?? {}, this.caller)
  },

  /** An app says that it has bought something in the App Store. */
  async verifyReceiptFromAppleiap(this: PayContext, params: VerifyParams): Promise<Row> {
    return await verifyPurchase(params ?? {}, this.caller)
  },

  /** Server calls of WeChat's virtual payment; for cloud code. */
  async requestWxpayVirtualApi(this: PayContext, params: VirtualApiParams): Promise<Row> {
    return await requestVirtualApi(params ?? {}, this.caller)
  },

  async test(): Promise<Row> {
    return { errCode: 0, errMsg: 'ok' }
  },

  /** Where platforms report: `/uni-pay-co/payNotify/<provider>-<type>`. */
  async payNotify(this: CloudObjectContext): Promise<HttpAnswer | string> {
    const http = this.getHttpInfo()
    const merchant = merchantOfPath(http.path)
    if (!merchant) return refused('other')
    return await answerNotification(merchant.provider, merchant.payType, arrivalOf(this))
  },

  /** Where WeChat pushes the events of a mini program; entered by hand in its console. */
  async wxpayVirtualNotify(this: CloudObjectContext): Promise<HttpAnswer | string> {
    return await answerNotification('wxpay-virtual', 'mp', arrivalOf(this))
  },

  /**
   * One round of reconciliation; for cloud code, such as a timer of the project's own:
   * `exports.main = () => uniCloud.importObject('uni-pay-co').reconcile()`.
   */
  async reconcile(this: PayContext): Promise<Reconciled> {
    if (this.caller.clientInfo.source !== 'function') throw new Error('reconcile只能通过云端调云端的方式调用')
    return await reconciled()
  },

  /** The same as a job: `unicloud-local run uni-pay-co --timing`. It has no trigger, so nothing fires it by itself. */
  async _timing(): Promise<Reconciled> {
    return await reconciled()
  },
}

// internals

/** Called by platforms, which sign in another way. */
const notifications = ['payNotify', 'wxpayVirtualNotify']

async function reconciled(): Promise<Reconciled> {
  const done = await reconcileAll()
  const { asked, paid, rerun, failed } = done
  console.info(
    `uni-pay: asked about ${asked} orders, ${paid} were paid; ${rerun} callbacks run again; ${failed} failed`,
  )
  return done
}

function arrivalOf(context: CloudObjectContext) {
  return {
    http: context.getHttpInfo(),
    clientInfo: context.getClientInfo(),
    cloudInfo: context.getCloudInfo(),
  }
}
