/** What faults do, in Chinese; the English words are the log's (`fault-kinds.ts`). */
import { type FaultKind, faultKinds } from '../core/fault-kinds.ts'
import type { Language } from './texts.ts'

const zh: Record<FaultKind, string> = {
  'notify.duplicate': '同一条通知同时发送 {times} 次',
  'notify.lost': '一次发送在途中丢失，按平台的间隔重试',
  'notify.delay': '延迟 {ms} 毫秒发送',
  'notify.outOfOrder': '退款通知发出后才发送支付通知',
  'notify.wrongAmount': '签名正确，但金额不同[（{total} 分）]',
  'notify.wrongAppId': '签名正确，但 AppID 不同',
  'notify.wrongMchId': '签名正确，但商户号不同',
  'notify.wrongKey': '用另一个密钥加密（或签名），如同 API 密钥已更换',
  'notify.forged': '用并非平台的密钥签名',
  'notify.tampered': '签名后改动内容',
  'notify.stale': '签名时间为 {seconds} 秒以前',
  'notify.probe': '发送微信的验签探测，应当拒绝',
  'notify.unknownSerial': '用平台未列出的证书签名',
  'notify.rotated': '用新换的平台证书签名，此后列出该证书',
  'notify.base64': '网关以 base64 转交内容',
  'notify.zeroRefundFee': '支付通知带有 refund_fee=0.00',
  'notify.finished': '状态为 TRADE_FINISHED，而非 TRADE_SUCCESS',
  'notify.secureMode': '安全模式：只推送密文',
  'notify.plainMode': '明文模式：不加密推送',
  'notify.slow': '应答超过 {ms} 毫秒即视为超时',
  'api.slow': '{ms} 毫秒后才应答',
  'api.timeout': '不应答[，{ms} 毫秒后断开]',
  'api.timeoutAfterCommit': '已处理请求，但断开连接而不应答',
  'api.http': '不看请求，直接应答 HTTP {status}',
  'api.error': '以平台的错误拒绝[：{code}]',
  'api.badSignature': '用错误的密钥签名应答',
  'api.badSerial': '用未知的证书签名应答',
  'api.malformed': '应答只有一半内容',
  'order.latePay': '关单成功，之后付款仍然到账',
  'order.closeRace': '关单的同时用户付款：关单被拒绝',
  'order.userPaying': '付款码已扫，等待用户确认（支付宝 10003，微信 USERPAYING）',
  'refund.processing': '退款一直处理中，直到手动完成',
  'refund.abnormal': '退款以异常告终',
  'refund.closed': '退款以关闭告终',
  'refund.notEnough': '商户余额不足以退款',
  'refund.tooSoon': '距此订单上次退款不足一分钟',
  'token.expired': 'access_token 视为已过期',
  'session.expired': 'session_key 视为已过期',
  'apple.wrongEnvironment': '交易属于另一个环境',
  'apple.network': '连接被重置',
  'apple.revoked': '交易已被撤销',
  'apple.family': '交易来自家人共享',
}

/** With `{arguments}` still in it. */
export function faultWords(kind: FaultKind, language: Language): string {
  return language === 'zh' ? zh[kind] : faultKinds[kind].does
}
