/** Refusals of Alipay's gateway and of its trades (payment-platforms.md §5.4). */
import type { JsonObject } from '../core/json.ts'
import type { Refusal, RefusalReason } from '../core/refusal.ts'

const messages: Record<string, string> = {
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40006': 'Insufficient Permissions',
}

const subCodes: Record<string, [string, string]> = {
  'aop.unknow-error': ['20000', '服务暂不可用（网关自身的未知错误）'],
  'isp.unknow-error': ['20000', '服务暂不可用（业务系统不可用）'],
  'aop.invalid-auth-token': ['20001', '无效的访问令牌'],
  'isv.missing-method': ['40001', '缺少方法名参数'],
  'isv.missing-signature': ['40001', '缺少签名参数'],
  'isv.missing-app-id': ['40001', '缺少appId参数'],
  'isv.missing-timestamp': ['40001', '缺少时间戳参数'],
  'isv.missing-parameter': ['40001', '缺少必选参数'],
  'isv.invalid-method': ['40002', '不存在的方法名'],
  'isv.invalid-app-id': ['40002', '无效的AppID参数'],
  'isv.invalid-signature': ['40002', '无效签名'],
  'isv.invalid-signature-type': ['40002', '无效的签名类型'],
  'isv.invalid-timestamp': ['40002', '非法的时间戳参数'],
  'isv.invalid-app-cert-sn': ['40002', '应用公钥证书SN无效'],
  'isv.invalid-alipay-root-cert-sn': ['40002', '支付宝根证书SN无效'],
  'isv.invalid-parameter': ['40002', '参数无效'],
  'isv.code-invalid': ['40002', '授权码code无效'],
  'isv.insufficient-isv-permissions': ['40006', '接入商户权限不足'],
  // Of bills; the published list has other names than the gateway sends.
  'isp.bill_not_exist': ['40004', '账单不存在'],
  invalid_arguments: ['40004', '入参不合法'],
  'ACQ.SYSTEM_ERROR': ['40004', '系统错误'],
  'ACQ.INVALID_PARAMETER': ['40004', '参数无效'],
  'ACQ.CONTEXT_INCONSISTENT': ['40004', '交易信息被篡改'],
  'ACQ.TRADE_HAS_SUCCESS': ['40004', '交易已被支付'],
  'ACQ.TRADE_HAS_CLOSE': ['40004', '交易已经关闭'],
  'ACQ.TRADE_NOT_EXIST': ['40004', '交易不存在'],
  'ACQ.TRADE_STATUS_ERROR': ['40004', '交易状态不合法'],
  'ACQ.TRADE_NOT_ALLOW_REFUND': ['40004', '当前交易不允许退款'],
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': ['40004', '退款金额超限'],
  'ACQ.DISCORDANT_REPEAT_REQUEST': ['40004', '同一请求号金额不一致'],
  'ACQ.PAYMENT_AUTH_CODE_INVALID': [
    '40004',
    '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款，如再次收款失败，请联系管理员处理。',
  ],
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': ['40004', '卖家余额不足'],
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': ['40004', '买家余额不足'],
}

/** Thrown on the way, answered at the door. */
export class AlipayError extends Error {
  override readonly name = 'AlipayError'
  readonly subCode: string
  /** Members that the answer carries beside the codes. */
  readonly more: JsonObject

  constructor(subCode: string, message?: string, more: JsonObject = {}) {
    super(message ?? subCodes[subCode]?.[1] ?? subCode)
    this.subCode = subCode
    this.more = more
  }
}

/** The node of an answer. A sub code that Alipay does not have counts as a business failure. */
export function errorNode({ subCode, message, more }: AlipayError): JsonObject {
  const code = subCodes[subCode]?.[0] ?? '40004'
  return { code, msg: messages[code] ?? 'Business Failed', sub_code: subCode, sub_msg: message, ...more }
}

const refusals: Partial<Record<RefusalReason, string>> = {
  unknown: 'ACQ.TRADE_NOT_EXIST',
  paid: 'ACQ.TRADE_HAS_SUCCESS',
  closed: 'ACQ.TRADE_HAS_CLOSE',
  different: 'ACQ.CONTEXT_INCONSISTENT',
  unpaid: 'ACQ.TRADE_STATUS_ERROR',
  tooMuch: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
  refundDifferent: 'ACQ.DISCORDANT_REPEAT_REQUEST',
  tooLate: 'ACQ.TRADE_NOT_ALLOW_REFUND',
  noBalance: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
}

export function fromRefusal({ reason }: Refusal, more: JsonObject = {}): AlipayError {
  return new AlipayError(refusals[reason] ?? 'ACQ.SYSTEM_ERROR', undefined, more)
}
