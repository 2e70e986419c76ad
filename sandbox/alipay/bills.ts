/**
 * Bills of Alipay: an address that works for thirty seconds, and the archive behind it. Of trades (`trade`) or of what
 * moved the merchant's balance (`signcustomer`), of a day or a month; GBK, as the real ones.
 */
import type { Call } from '../core/call.ts'
import type { Answer } from '../core/exchange.ts'
import { type JsonObject, textAt } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import type { PlatformParts } from '../core/platform.ts'
import { flowsOf, tradesOf } from '../core/statement.ts'
import { type BillPeriod, billPeriod } from './bill-period.ts'
import { type BillHead, fundDetails, fundSummary, tradeDetails, tradeSummary } from './bill-text.ts'
import { AlipayError } from './errors.ts'
import { zip } from './zip.ts'

export const BILL_HOST = 'dwbillcenter.alipay.com'
export const BILL_PATH = '/downloadBillFile.resource'

const TOKEN_MS = 30_000
/** Alipay adds this to the seller's id where it means the account. */
const ACCOUNT_SUFFIX = '0156'

type BillType = 'trade' | 'signcustomer'

interface Offer {
  type: BillType
  account: string
  period: BillPeriod
  until: number
}

export class Bills {
  readonly #parts: PlatformParts
  readonly #offers = new Map<string, Offer>()

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  /** @throws AlipayError when there is no such bill, or not yet */
  offer(biz: JsonObject): JsonObject {
    const now = this.#parts.clock.now()
    const type = textAt(biz, 'bill_type')
    if (type !== 'trade' && type !== 'signcustomer') throw new AlipayError('invalid_arguments')
    const period = billPeriod(textAt(biz, 'bill_date') ?? '', now)
    if (!period) throw new AlipayError('invalid_arguments')
    if (now < period.readyAt || this.#isEmpty(type, period)) throw new AlipayError('isp.bill_not_exist')
    for (const [token, { until }] of this.#offers) if (until < now) this.#offers.delete(token)
    const token = numbers.token()
    const account = `${this.#parts.keys().constants.alipay.seller_id}${ACCOUNT_SUFFIX}`
    this.#offers.set(token, { type, account, period, until: now + TOKEN_MS })
    const bizType = type === 'trade' ? 'trade' : 'fnd'
    const file = `${account}_${period.digits}.csv.zip`
    const query = new URLSearchParams({
      bizType,
      userId: account,
      fileType: 'csv.zip',
      bizDates: period.digits,
      downloadFileName: file,
      fileId: `/${bizType}/${account}/${period.digits}.csv.zip`,
      timestamp: String(Math.floor(now / 1000)),
      token,
    })
    return { bill_download_url: `${this.#parts.addressOf(BILL_HOST)}${BILL_PATH}?${query}` }
  }

  /** What the address gives; unsigned, for whoever has it. */
  async file(query: URLSearchParams, call: Call): Promise<Answer> {
    const now = this.#parts.clock.now()
    const offer = this.#offers.get(query.get('token') ?? '')
    if (!offer || offer.until < now) {
      call.note(offer ? 'the address is older than 30 seconds' : 'no such address was given out')
      return tooLate
    }
    const name = `${offer.account}_${offer.period.digits}.csv.zip`
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': `attachment; filename=${name}`,
      },
      body: await this.#archive(offer, now),
    }
  }

  // internals

  #isEmpty(type: BillType, period: BillPeriod): boolean {
    const rows = type === 'trade' ? this.#trades(period) : this.#flows(period)
    return rows.length === 0
  }

  #trades(period: BillPeriod): ReturnType<typeof tradesOf> {
    return tradesOf(this.#parts.ledger, this.#account(), period)
  }

  #flows(period: BillPeriod): ReturnType<typeof flowsOf> {
    return flowsOf(this.#parts.ledger, this.#account(), period)
  }

  #account(): { provider: 'alipay'; merchantId: string } {
    return { provider: 'alipay', merchantId: this.#parts.keys().constants.alipay.app_id }
  }

  async #archive({ type, account, period }: Offer, now: number): Promise<Buffer> {
    const { default: iconv } = await import('iconv-lite')
    const head: BillHead = { account, period, now }
    const list = type === 'trade' ? '业务明细' : '账务明细'
    const [details, summary] =
      type === 'trade'
        ? [tradeDetails(head, this.#trades(period)), tradeSummary(head, this.#trades(period))]
        : [fundDetails(head, this.#flows(period)), fundSummary(head, this.#flows(period))]
    const entry = (name: string, content: string): { name: Buffer; content: Buffer } => ({
      name: iconv.encode(`${account}_${period.digits}_${name}.csv`, 'gbk'),
      content: iconv.encode(content, 'gbk'),
    })
    // An archive keeps the time on the wall.
    const wall = new Date(now + 8 * 3600_000)
    return zip([entry(list, details), entry(`${list}(汇总)`, summary)], wall)
  }
}

// internals

/** Alipay shows a page; whoever unpacks without looking finds out. */
const tooLate: Answer = {
  status: 200,
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>下载超时</title><p>下载超时，请重新下载</p>',
}
