/** Who asks, and whether it is really him: the checks of WeChat Pay V3 in their order (payment-platforms.md §3.1). */
import type { Call } from '../core/call.ts'
import { type ApiRequest, header } from '../core/exchange.ts'
import type { PlatformParts } from '../core/platform.ts'
import { V3Error } from './errors.ts'
import { messageOf, parseAuthorization, rsaVerify } from './signature.ts'

const SCHEME = 'WECHATPAY2-SHA256-RSA2048'
const TOLERANCE_S = 300

/** @returns the merchant number @throws V3Error SIGN_ERROR; the call log shows what should have been signed */
export function authenticate(
  request: ApiRequest,
  call: Call,
  { clock, keys }: Pick<PlatformParts, 'clock' | 'keys'>,
): string {
  const refuse = (reason: string, more: { expected?: string; given?: string } = {}): V3Error => {
    call.verified({ ok: false, reason, ...more })
    return signError(request, reason)
  }
  const text = header(request, 'authorization')
  const given = parseAuthorization(text)
  if (!given) {
    throw refuse(
      text
        ? 'the Authorization header lacks one of mchid, nonce_str, signature, timestamp, serial_no'
        : 'there is no Authorization header',
    )
  }
  if (given.scheme !== SCHEME) throw refuse(`the scheme is ${given.scheme}, not ${SCHEME}`)
  const { constants, wechat } = keys()
  if (given.mchid !== constants.wechat.mchid) {
    throw refuse(`merchant ${given.mchid} is unknown; this sandbox has ${constants.wechat.mchid}`)
  }
  if (given.serial_no.toUpperCase() !== constants.wechat.merchant_serial) {
    throw refuse(
      `certificate serial ${given.serial_no} is unknown; the merchant's is ${constants.wechat.merchant_serial}`,
    )
  }
  const now = Math.floor(clock.signing() / 1000)
  if (!(Math.abs(now - Number(given.timestamp)) <= TOLERANCE_S)) {
    throw refuse(`timestamp ${given.timestamp} is more than ${TOLERANCE_S} s from now (${now})`)
  }
  const body = request.method === 'GET' ? '' : signedBody(request)
  const expected = messageOf(request.method, request.target, given.timestamp, given.nonce_str, body)
  if (!rsaVerify(expected, given.signature, wechat.merchantKey)) {
    throw refuse('the signature does not fit the text below and the merchant key', {
      expected,
      given: given.signature,
    })
  }
  if (!header(request, 'user-agent')) throw new V3Error('PARAM_ERROR', 'Http头缺少Accept或User-Agent')
  call.verified({ ok: true })
  return given.mchid
}

// internals

/** Uploads sign the `meta` part only. */
function signedBody(request: ApiRequest): string {
  if (!header(request, 'content-type').startsWith('multipart/form-data')) return request.body
  return /name="meta".*?\r\n\r\n(.*?)\r\n--/s.exec(request.body)?.[1] ?? ''
}

function signError(request: ApiRequest, reason: string): V3Error {
  return new V3Error('SIGN_ERROR', undefined, {
    field: 'signature',
    location: 'authorization',
    issue: 'sign not match',
    sign_information: { method: request.method, url: request.target, reason },
  })
}
