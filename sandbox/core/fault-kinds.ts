/** Every fault there is, with what it does in words: the control API, the pages and the call log quote them. */

export const faultKinds = {
  'notify.duplicate': 'sends the same notification {times} times at once (default 2)',
  'notify.lost': 'an attempt gets lost on the way; the next step of the ladder tries again',
  'notify.delay': 'sends {ms} later (default 3000)',
  'notify.outOfOrder': 'holds the payment notification back until the refund notification was sent',
  'notify.wrongAmount': 'names another amount, {total} fen (default: the amount plus 1), validly signed',
  'notify.wrongAppId': 'names another app id, validly signed',
  'notify.wrongMchId': 'names another merchant, validly signed',
  'notify.wrongKey':
    'encrypts with another key (or signs with another shared secret), as a stale API key would',
  'notify.forged': 'signs with a key that is not the platform\u2019s',
  'notify.tampered': 'changes the body after signing',
  'notify.stale': 'signs with a timestamp {seconds} in the past (default 3600)',
  'notify.probe': 'sends WeChat\u2019s signature probe, which must be refused',
  'notify.unknownSerial': 'signs with a certificate that the platform does not list',
  'notify.rotated': 'signs with a newly rotated platform certificate, listed from now on',
  'notify.base64': 'sends a body that an HTTP gateway hands over as base64',
  'notify.zeroRefundFee': 'Alipay: a payment notification that carries refund_fee=0.00',
  'notify.finished': 'Alipay: TRADE_FINISHED instead of TRADE_SUCCESS',
  'notify.secureMode': 'virtual payment: only the encrypted part is pushed',
  'notify.plainMode': 'virtual payment: pushed without encryption',
  'notify.slow': 'counts an answer that takes longer than {ms} (default 1) as none',
  'api.slow': 'answers after {ms} (default 3000)',
  'api.timeout': 'never answers; hangs up after {ms} (default: when the caller does)',
  'api.timeoutAfterCommit': 'does what was asked and cuts the connection instead of answering',
  'api.http': 'answers HTTP {status} (default 502) without looking at the request',
  'api.error': 'refuses with the platform\u2019s error {code} (default: its system error)',
  'api.badSignature': 'signs the answer with a wrong key',
  'api.badSerial': 'signs the answer with a certificate that nobody knows',
  'api.malformed': 'answers with half a body',
  'order.latePay': 'closing succeeds, and then the payer\u2019s money arrives after all',
  'order.userPaying':
    'the payer\u2019s code was scanned, and he must confirm first (Alipay 10003, WeChat USERPAYING)',
  'order.closeRace': 'the payer pays in the very moment of closing: closing is refused',
  'refund.processing': 'the refund stays in processing until settled by hand',
  'refund.abnormal': 'the refund ends as abnormal',
  'refund.closed': 'the refund ends as closed',
  'refund.notEnough': 'the merchant\u2019s balance is too low for the refund',
  'refund.tooSoon': 'Huawei: the last refund of this order was less than a minute ago',
  'token.expired': 'virtual payment: the access token counts as expired',
  'session.expired': 'virtual payment: the session_key counts as expired',
  'apple.wrongEnvironment': 'the transaction belongs to the other environment',
  'apple.network': 'resets the connection',
  'apple.revoked': 'the transaction carries a revocation date',
  'apple.family': 'the transaction is shared by the family',
} as const

export type FaultKind = keyof typeof faultKinds

export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(faultKinds, name)
}
