/** Bills over WeChat Pay V3: an address that works for five minutes, and the file behind it (payment-platforms.md §3.7). */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import { numbers } from '../core/numbers.ts'
import type { PlatformParts } from '../core/platform.ts'
import { flowsOf, tradesOf } from '../core/statement.ts'
import { billState, periodOf } from '../wechat/bill-day.ts'
import { fundFlowBill, tradeBill } from '../wechat/bill-text.ts'
import { V3Error } from './errors.ts'

const TOKEN_MS = 5 * 60_000
const DOWNLOAD = 'https://api.mch.weixin.qq.com/v3/billdownload/file'

export class Bills {
  readonly #parts: PlatformParts
  readonly #files = new Map<string, { content: Buffer; gzip: boolean; until: number }>()

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  trade(mchid: string, query: URLSearchParams): Answer {
    const type = query.get('bill_type') ?? 'ALL'
    if (type !== 'ALL' && type !== 'SUCCESS' && type !== 'REFUND') {
      throw new V3Error('PARAM_ERROR', `参数错误：bill_type ${type}`)
    }
    const day = this.#day(query)
    const rows = tradesOf(this.#parts.ledger, { provider: 'wxpay', merchantId: mchid }, periodOf(day), type)
    if (rows.length === 0) throw new V3Error('NO_STATEMENT_EXIST')
    return this.#offer(tradeBill(rows, type, 'v3'), query)
  }

  fundFlow(mchid: string, query: URLSearchParams): Answer {
    const account = query.get('account_type') ?? 'BASIC'
    if (!['BASIC', 'OPERATION', 'FEES'].includes(account)) {
      throw new V3Error('PARAM_ERROR', `参数错误：account_type ${account}`)
    }
    // Payments move the basic account only.
    const whose = { provider: 'wxpay', merchantId: mchid } as const
    const rows = account === 'BASIC' ? flowsOf(this.#parts.ledger, whose, periodOf(this.#day(query))) : []
    if (rows.length === 0) throw new V3Error('NO_STATEMENT_EXIST')
    return this.#offer(fundFlowBill(rows), query)
  }

  /** The file itself, unsigned. */
  file(token: string): Answer {
    const file = this.#files.get(token)
    if (!file || file.until < this.#parts.clock.now())
      throw new V3Error('INVALID_REQUEST', 'token无效或已过期')
    return {
      status: 200,
      headers: { 'Content-Type': file.gzip ? 'application/gzip' : 'text/plain; charset=utf-8' },
      body: file.gzip ? gzipSync(file.content) : file.content,
    }
  }

  // internals

  #day(query: URLSearchParams): string {
    const day = query.get('bill_date') ?? ''
    const state = billState(day, this.#parts.clock.now())
    if (state === 'creating') throw new V3Error('STATEMENT_CREATING')
    if (state === 'invalid') throw new V3Error('PARAM_ERROR', `参数错误：bill_date ${day}`)
    return day
  }

  #offer(text: string, query: URLSearchParams): Answer {
    const now = this.#parts.clock.now()
    for (const [token, { until }] of this.#files) if (until < now) this.#files.delete(token)
    const token = numbers.token()
    const content = Buffer.from(text)
    this.#files.set(token, { content, gzip: query.get('tar_type') === 'GZIP', until: now + TOKEN_MS })
    return jsonAnswer(200, {
      hash_type: 'SHA1',
      // Of the file before it is packed.
      hash_value: createHash('sha1').update(content).digest('hex'),
      download_url: `${DOWNLOAD}?token=${token}`,
    })
  }
}
