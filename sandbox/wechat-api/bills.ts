/**
 * `download_bill`: the first call has the bill made, a later one is given its address, which works for half an hour
 * (payment-platforms.md §8.3). What stands in the file WeChat does not publish; the columns here are our own.
 */
import { DAY_MS, spacedTime, startOfDay } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import type { Answer } from '../core/exchange.ts'
import { type JsonObject, numberAt } from '../core/json.ts'
import { yuan } from '../core/money.ts'
import { numbers } from '../core/numbers.ts'
import type { PlatformParts } from '../core/platform.ts'
import { type Period, type TradeRow, tradesOf } from '../core/statement.ts'
import { WechatApiError } from './errors.ts'

export const BILL_PATH = '/xpay/bill_file'

const TOKEN_MS = 30 * 60_000

interface Bill {
  token: string
  text: string
  until: number
}

export class VirtualBills {
  readonly #parts: PlatformParts
  /** By what was asked for. */
  readonly #bills = new Map<string, Bill>()

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  /** @param env whose key signed: the request itself does not say @throws WechatApiError 268490011 until it is made */
  download(body: JsonObject, env: number): JsonObject {
    const period = periodOf(body)
    const now = this.#parts.clock.now()
    for (const [asked, { until }] of this.#bills) if (until < now) this.#bills.delete(asked)
    const asked = `${env} ${period.from} ${period.until}`
    const bill = this.#bills.get(asked)
    if (!bill) {
      const text = billText(this.#trades(period, env))
      this.#bills.set(asked, { token: numbers.token(), text, until: now + TOKEN_MS })
      throw new WechatApiError(268490011)
    }
    return { url: `${this.#parts.addressOf('api.weixin.qq.com')}${BILL_PATH}?token=${bill.token}` }
  }

  /** What the address gives; unsigned, for whoever has it. */
  file(query: URLSearchParams, call: Call): Answer {
    const token = query.get('token')
    const bill = [...this.#bills.values()].find((candidate) => candidate.token === token)
    if (!bill || bill.until < this.#parts.clock.now()) {
      call.note('the address is unknown, or older than half an hour')
      return { status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'not found' }
    }
    return { status: 200, headers: { 'Content-Type': 'text/csv; charset=utf-8' }, body: bill.text }
  }

  clear(): void {
    this.#bills.clear()
  }

  // internals

  #trades(period: Period, env: number): TradeRow[] {
    const merchantId = this.#parts.keys().constants.wechat_virtual.offer_id
    const rows = tradesOf(this.#parts.ledger, { provider: 'wxpay-virtual', merchantId }, period)
    return rows.filter(({ order }) => Number(order.details.env) === env)
  }
}

// internals

/** Days as numbers, `20260101`, both of them part of it. */
function periodOf(body: JsonObject): Period {
  const [from, last] = (['begin_ds', 'end_ds'] as const).map((name) => {
    const day = String(numberAt(body, name) ?? '').replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
    const start = startOfDay(day)
    if (start === undefined) throw new WechatApiError(268490002, `请求参数字段错误 ${name}`)
    return start
  }) as [number, number]
  if (last < from) throw new WechatApiError(268490002, '请求参数字段错误 end_ds')
  return { from, until: last + DAY_MS }
}

function billText(rows: TradeRow[]): string {
  const lines = rows.map(({ at, order, refund }) => [
    spacedTime(at),
    refund ? '退款' : '支付',
    refund?.outRefundNo ?? order.outTradeNo,
    refund?.refundId ?? String(order.details.wxOrderId),
    order.outTradeNo,
    order.payer ?? '',
    order.tradeType === 'coin' ? '代币' : '道具',
    String(order.details.productId),
    String(order.details.quantity),
    yuan(refund ? -refund.amount : (order.paid ?? 0)),
  ])
  const header = '时间,类型,商户单号,微信单号,支付单号,用户标识,商品类型,道具ID,数量,金额（元）'
  return [header, ...lines.map((values) => values.map((value) => value.replace(/[,\r\n]/g, ' ')).join(','))]
    .map((line) => `${line}\r\n`)
    .join('')
}
