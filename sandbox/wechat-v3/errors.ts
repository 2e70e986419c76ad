/** Error answers of WeChat Pay V3 (payment-platforms.md §3.5). */
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Refusal, RefusalReason } from '../core/refusal.ts'

const codes = {
  USERPAYING: [202, '用户支付中，需要输入密码'],
  PARAM_ERROR: [400, '参数错误'],
  INVALID_REQUEST: [400, '无效请求'],
  ORDER_CLOSED: [400, '订单已关闭'],
  ORDERPAID: [400, '该订单已支付'],
  APPID_MCHID_NOT_MATCH: [400, 'appid和mch_id不匹配'],
  MCH_NOT_EXISTS: [400, '商户号不存在'],
  STATEMENT_CREATING: [400, '账单生成中'],
  SIGN_ERROR: [401, '错误的签名，验签失败'],
  OUT_TRADE_NO_USED: [403, '商户订单号重复'],
  NO_AUTH: [403, '商户无权限'],
  RULE_LIMIT: [403, '业务规则限制'],
  TRADE_ERROR: [403, '交易错误'],
  NOT_ENOUGH: [403, '基本账户余额不足，请充值后重新发起'],
  ACCOUNT_ERROR: [403, '账号异常'],
  USER_ACCOUNT_ABNORMAL: [403, '用户账户异常'],
  ORDER_NOT_EXIST: [404, '订单不存在'],
  RESOURCE_NOT_EXISTS: [404, '查询的资源不存在'],
  NO_STATEMENT_EXIST: [404, '账单文件不存在'],
  FREQUENCY_LIMITED: [429, '频率超限'],
  SYSTEM_ERROR: [500, '系统错误'],
  OPENID_MISMATCH: [500, 'openid和appid不匹配'],
  BANK_ERROR: [500, '银行系统异常'],
} as const

export type V3Code = keyof typeof codes

/** Thrown on the way, answered at the door. */
export class V3Error extends Error {
  override readonly name = 'V3Error'
  readonly code: V3Code
  readonly detail: JsonObject | undefined

  constructor(code: V3Code, message?: string, detail?: JsonObject) {
    super(message ?? codes[code][1])
    this.code = code
    this.detail = detail
  }
}

/** A member that is missing or makes no sense. @param field `/amount/total` */
export function paramError(field: string, value: Json | undefined, issue: string): V3Error {
  return new V3Error('PARAM_ERROR', `参数错误：${field} ${issue}`, {
    field,
    value: value ?? null,
    issue,
    location: 'body',
  })
}

export function errorAnswer(error: V3Error): Answer {
  const [status] = codes[error.code]
  const body: JsonObject = { code: error.code, message: error.message }
  if (error.detail) body.detail = error.detail
  return jsonAnswer(status, body)
}

/** A code of the platform's, by name; one that it does not have is answered as HTTP 400. */
export function answerForCode(code: string): Answer {
  if (Object.hasOwn(codes, code)) return errorAnswer(new V3Error(code as V3Code))
  return jsonAnswer(400, { code, message: code })
}

const refusals: Partial<Record<RefusalReason, [V3Code, string?]>> = {
  unknown: ['ORDER_NOT_EXIST'],
  paid: ['ORDERPAID'],
  closed: ['ORDER_CLOSED'],
  different: ['INVALID_REQUEST', '商户订单号重复：参数与首次请求不一致'],
  unpaid: ['TRADE_ERROR', '订单状态不允许退款：订单未支付'],
  wrongTotal: ['INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试'],
  refundDifferent: ['INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试'],
  tooMuch: ['INVALID_REQUEST', 'refund_fee大于可退金额'],
  tooManyRefunds: ['RULE_LIMIT', '部分退款次数超过50次'],
  tooLate: ['RULE_LIMIT', '订单已超过可退款的最大期限'],
  noBalance: ['NOT_ENOUGH'],
  tooSoon: ['TRADE_ERROR', '订单生成后5分钟内不能关闭'],
}

export function fromRefusal({ reason, message }: Refusal): V3Error {
  const [code, text] = refusals[reason] ?? ['INVALID_REQUEST', message]
  return new V3Error(code, text)
}
