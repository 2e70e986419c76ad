/** Failures of `api.weixin.qq.com`: HTTP 200 with an errcode (payment-platforms.md §8.1, §8.3). */
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import type { Refusal, RefusalReason } from '../core/refusal.ts'

const codes: Record<number, string> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40013: 'invalid appid',
  40029: 'invalid code',
  40125: 'invalid appsecret',
  40163: 'code been used',
  42001: 'access_token expired',
  43002: 'require POST method',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  47001: 'data format error',
  268490001: 'openid错误',
  268490002: '请求参数字段错误',
  268490003: '签名错误',
  268490004: '重复操作',
  268490005: '订单已经通过cancel_currency_pay接口退款',
  268490006: '代币的支付/退款操作金额不足',
  268490007: '图片或文字存在敏感内容',
  268490008: '代币未发布',
  268490009: '用户session_key不存在或已过期',
  268490011: '数据生成中',
  268490012: '批量任务运行中',
  268490013: '禁止对核销状态的单进行退款',
  268490014: '退款操作进行中',
  268490015: '频率限制',
  268490016: '退款的left_fee字段与实际不符',
}

export class WechatApiError extends Error {
  override readonly name = 'WechatApiError'
  readonly code: number

  constructor(code: number, message?: string) {
    super(message ?? codes[code] ?? 'error')
    this.code = code
  }
}

export function errorAnswer({ code, message }: WechatApiError): Answer {
  return jsonAnswer(200, { errcode: code, errmsg: message })
}

const refusals: Partial<Record<RefusalReason, number>> = {
  paid: 268490004,
  tooMuch: 268490016,
  refundDifferent: 268490004,
}

export function fromRefusal({ reason, message }: Refusal): WechatApiError {
  return new WechatApiError(refusals[reason] ?? 268490002, refusals[reason] ? undefined : message)
}
