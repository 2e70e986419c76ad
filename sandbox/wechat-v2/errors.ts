/** Error answers of WeChat Pay V2 (payment-platforms.md §4.3). */
import type { Refusal, RefusalReason } from '../core/refusal.ts'

const codes: Record<string, string> = {
  NOAUTH: '商户无此接口权限',
  NOTENOUGH: '余额不足',
  ORDERPAID: '该订单已支付',
  ORDERCLOSED: '该订单已关闭',
  SYSTEMERROR: '系统错误',
  APPID_NOT_EXIST: 'APPID不存在',
  MCHID_NOT_EXIST: 'MCHID不存在',
  APPID_MCHID_NOT_MATCH: 'appid和mch_id不匹配',
  LACK_PARAMS: '缺少参数',
  OUT_TRADE_NO_USED: '商户订单号重复',
  SIGNERROR: '签名错误',
  INVALID_REQUEST: '无效请求',
  PARAM_ERROR: '参数错误',
  ORDERNOTEXIST: '此交易订单号不存在',
  REFUND_FEE_MISMATCH: '订单金额或退款金额与之前请求不一致，请核实后再试',
  REFUNDNOTEXIST: '退款订单查询失败',
  TRADE_OVERDUE: '订单已经超过退款期限',
  TRADE_STATE_ERROR: '订单状态错误',
  CERT_ERROR: '证书校验错误',
  FREQUENCY_LIMITED: '频率限制',
  BIZERR_NEED_RETRY: '退款业务流程错误，需要商户触发重试来解决',
  USER_ACCOUNT_ABNORMAL: '退款请求失败',
  USERPAYING: '用户支付中，需要输入密码',
  AUTH_CODE_INVALID: '授权码检验错误',
}

/** `return_code` FAIL: nobody knows who asks, or what for; nothing is signed. */
export class V2Failure extends Error {
  override readonly name = 'V2Failure'
}

/** `result_code` FAIL, signed. */
export class V2Error extends Error {
  override readonly name = 'V2Error'
  readonly code: string

  constructor(code: string, message?: string) {
    super(message ?? codes[code] ?? code)
    this.code = code
  }
}

const refusals: Partial<Record<RefusalReason, [string, string?]>> = {
  unknown: ['ORDERNOTEXIST'],
  paid: ['ORDERPAID'],
  closed: ['ORDERCLOSED'],
  different: ['INVALID_REQUEST', '201 商户订单号重复'],
  unpaid: ['TRADE_STATE_ERROR', '订单未支付，不能退款'],
  wrongTotal: ['REFUND_FEE_MISMATCH'],
  refundDifferent: ['REFUND_FEE_MISMATCH'],
  tooMuch: ['INVALID_REQUEST', 'refund_fee大于可退金额'],
  tooManyRefunds: ['INVALID_REQUEST', '部分退款次数超过50次'],
  tooLate: ['TRADE_OVERDUE'],
  tooSoon: ['INVALID_REQUEST', '订单生成后5分钟内不能关闭'],
  noBalance: ['NOTENOUGH', '基本账户余额不足，请充值后重新发起'],
}

export function fromRefusal({ reason, message }: Refusal): V2Error {
  const [code, text] = refusals[reason] ?? ['SYSTEMERROR', message]
  return new V2Error(code, text)
}
