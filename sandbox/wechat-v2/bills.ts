/** Bills over WeChat Pay V2: text when there is one, XML when there is none (payment-platforms.md §4.2). */
import { gzipSync } from 'node:zlib'
import type { Answer } from '../core/exchange.ts'
import type { PlatformParts } from '../core/platform.ts'
import { type Account, type BillType, flowsOf, tradesOf } from '../core/statement.ts'
import { billState, periodOf } from '../wechat/bill-day.ts'
import { fundFlowBill, tradeBill } from '../wechat/bill-text.ts'
import type { Params } from './orders.ts'
import { writeXml } from './xml.ts'

export function downloadBill(parts: PlatformParts, params: Params): Answer {
  const type = params.bill_type || 'ALL'
  const day = dayOf(params.bill_date)
  const rows = ready(parts, day)
    ? tradesOf(parts.ledger, account(parts), periodOf(day), type as BillType)
    : []
  if (rows.length === 0) {
    return text(writeXml({ return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' }))
  }
  return file(tradeBill(rows, type as BillType, 'v2'), params)
}

export function downloadFundFlow(parts: PlatformParts, params: Params): Answer {
  const day = dayOf(params.bill_date)
  const basic = (params.account_type || 'Basic') === 'Basic'
  const rows = basic && ready(parts, day) ? flowsOf(parts.ledger, account(parts), periodOf(day)) : []
  if (rows.length === 0) {
    const failure = {
      return_code: 'SUCCESS',
      result_code: 'FAIL',
      err_code: 'NO_BILL_EXIST',
      err_code_des: '账单不存在',
    }
    return text(writeXml(failure))
  }
  return file(fundFlowBill(rows), params)
}

// internals

/** `yyyyMMdd` -> `yyyy-MM-dd` */
function dayOf(text = ''): string {
  return text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
}

function ready(parts: PlatformParts, day: string): boolean {
  return billState(day, parts.clock.now()) === 'ready'
}

function account(parts: PlatformParts): Account {
  return { provider: 'wxpay', merchantId: parts.keys().constants.wechat.mchid }
}

function text(body: string | Buffer, type = 'text/plain; charset=utf-8'): Answer {
  return { status: 200, headers: { 'Content-Type': type }, body }
}

function file(content: string, params: Params): Answer {
  return params.tar_type === 'GZIP' ? text(gzipSync(content), 'application/gzip') : text(content)
}
