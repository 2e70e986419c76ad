/** Every fault there is, what it does in words, and whom it can happen to: the call log, the pages and the CLI quote it. */
import type { Json, JsonObject } from './json.ts'
import type { Provider } from './order.ts'

export interface FaultDescription {
  /** `{name}` is an argument; what stands in brackets is said only when its argument is given. */
  does: string
  /** Arguments and what they are when nobody says; null: nothing. */
  args?: Readonly<Record<string, Json>>
  /** Default: everybody. */
  at?: readonly Provider[]
}

const wechat = ['wxpay'] as const
const alipay = ['alipay'] as const
const virtual = ['wxpay-virtual'] as const
const apple = ['appleiap'] as const
const huawei = ['huawei'] as const
const orders = ['wxpay', 'alipay'] as const

const kinds = {
  'notify.duplicate': { does: 'sends the same notification {times} times at once', args: { times: 2 } },
  'notify.lost': { does: 'an attempt gets lost on the way; the next step of the ladder tries again' },
  'notify.delay': { does: 'sends {ms} ms later', args: { ms: 3000 } },
  'notify.outOfOrder': {
    does: 'holds the payment notification back until the refund notification was sent',
    at: ['wxpay', 'alipay', 'wxpay-virtual', 'huawei'],
  },
  'notify.wrongAmount': {
    does: 'names another amount[, {total} fen], validly signed',
    args: { total: null },
    at: ['wxpay', 'alipay', 'wxpay-virtual', 'huawei'],
  },
  'notify.wrongAppId': { does: 'names another app id, validly signed' },
  'notify.wrongMchId': {
    does: 'names another merchant, validly signed',
    at: ['wxpay', 'alipay', 'huawei'],
  },
  'notify.wrongKey': {
    does: 'encrypts with another key (or signs with another shared secret), as a stale API key would',
    at: ['wxpay', 'wxpay-virtual'],
  },
  'notify.forged': { does: 'signs with a key that is not the platform\u2019s' },
  'notify.tampered': { does: 'changes the body after signing' },
  'notify.stale': {
    does: 'signs with a timestamp {seconds} s in the past',
    args: { seconds: 3600 },
    at: ['wxpay', 'alipay', 'wxpay-virtual', 'appleiap'],
  },
  'notify.probe': { does: 'sends WeChat\u2019s signature probe, which must be refused', at: wechat },
  'notify.unknownSerial': { does: 'signs with a certificate that the platform does not list', at: wechat },
  'notify.rotated': {
    does: 'signs with a newly rotated platform certificate, listed from now on',
    at: wechat,
  },
  'notify.base64': {
    does: 'sends a body that an HTTP gateway hands over as base64',
    at: ['wxpay', 'alipay', 'wxpay-virtual', 'huawei'],
  },
  'notify.zeroRefundFee': { does: 'a payment notification that carries refund_fee=0.00', at: alipay },
  'notify.finished': { does: 'TRADE_FINISHED instead of TRADE_SUCCESS', at: alipay },
  'notify.secureMode': { does: 'only the encrypted part is pushed', at: virtual },
  'notify.plainMode': { does: 'pushed without encryption', at: virtual },
  'notify.slow': { does: 'counts an answer that takes longer than {ms} ms as none', args: { ms: 1 } },
  'api.slow': { does: 'answers after {ms} ms', args: { ms: 3000 } },
  'api.timeout': { does: 'never answers[, and hangs up after {ms} ms]', args: { ms: null } },
  'api.timeoutAfterCommit': { does: 'does what was asked and cuts the connection instead of answering' },
  'api.http': { does: 'answers HTTP {status} without looking at the request', args: { status: 502 } },
  'api.error': { does: 'refuses with an error of the platform\u2019s own[: {code}]', args: { code: null } },
  'api.badSignature': {
    does: 'signs the answer with a wrong key',
    at: ['wxpay', 'alipay', 'appleiap', 'huawei'],
  },
  'api.badSerial': {
    does: 'signs the answer with a certificate that nobody knows',
    at: ['wxpay', 'alipay', 'appleiap', 'huawei'],
  },
  'api.malformed': { does: 'answers with half a body' },
  'order.latePay': {
    does: 'closing succeeds, and then the payer\u2019s money arrives after all',
    at: orders,
  },
  'order.closeRace': {
    does: 'the payer pays in the very moment of closing: closing is refused',
    at: orders,
  },
  'order.userPaying': {
    does: 'the payer\u2019s code was scanned, and he must confirm first (Alipay 10003, WeChat USERPAYING)',
    at: orders,
  },
  'refund.processing': {
    does: 'the refund stays in processing until settled by hand',
    at: ['wxpay', 'wxpay-virtual', 'huawei'],
  },
  'refund.abnormal': { does: 'the refund ends as abnormal', at: ['wxpay', 'wxpay-virtual', 'huawei'] },
  'refund.closed': { does: 'the refund ends as closed', at: ['wxpay', 'wxpay-virtual', 'huawei'] },
  'refund.notEnough': {
    does: 'the merchant\u2019s balance is too low for the refund',
    at: ['wxpay', 'alipay', 'wxpay-virtual', 'huawei'],
  },
  'refund.tooSoon': { does: 'the last refund of this order was less than a minute ago', at: huawei },
  'token.expired': { does: 'the access token counts as expired', at: virtual },
  'session.expired': { does: 'the session_key counts as expired', at: virtual },
  'apple.wrongEnvironment': { does: 'the transaction belongs to the other environment', at: apple },
  'apple.network': { does: 'resets the connection', at: apple },
  'apple.revoked': { does: 'the transaction carries a revocation date', at: apple },
  'apple.family': { does: 'the transaction is shared by the family', at: apple },
} as const satisfies Record<string, FaultDescription>

export type FaultKind = keyof typeof kinds

export const faultKinds: Readonly<Record<FaultKind, FaultDescription>> = kinds

export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(faultKinds, name)
}

/** Whether it can happen to orders of a provider. */
export function fitsProvider(kind: FaultKind, provider: Provider): boolean {
  return faultKinds[kind].at?.includes(provider) ?? true
}

/** An argument as given, or what it is when nobody says. */
export function faultArg({ fault, args }: Played, name: string): Json | undefined {
  return args[name] ?? faultKinds[fault].args?.[name] ?? undefined
}

/** A fault with its arguments. */
export interface Played {
  fault: FaultKind
  args: JsonObject
}

/** `notify.delay: sends 3000 ms later`. @param words default: the English ones */
export function explainFault(played: Played, words: string = faultKinds[played.fault].does): string {
  const known = (name: string): Json | undefined => faultArg(played, name)
  const said = words
    .replace(/\[([^\]]*\{(\w+)\}[^\]]*)\]/g, (_all, part: string, name: string) =>
      known(name) === undefined ? '' : part,
    )
    .replace(/\{(\w+)\}/g, (all, name: string) => String(known(name) ?? all))
  return `${played.fault}: ${said}`
}
