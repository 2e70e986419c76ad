/** The App Store Server API (spec/payment-platforms.md §6.2). */
import { refusal, UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { type Fields, fieldsOf } from '../naming.ts'
import { type ApiKey, provider } from './options.ts'

/** Apple's answer; a try that got none is repeated, for payers wait for it. */
export async function askServer(
  path: string,
  key: ApiKey,
  { sandbox = false, timeout = 5000 }: { sandbox?: boolean; timeout?: number },
): Promise<Fields> {
  const host = sandbox ? 'api.storekit-sandbox.itunes.apple.com' : 'api.storekit.itunes.apple.com'
  const api = `GET ${path}`
  const headers = { Authorization: `Bearer ${await bearer(key)}` }
  const answer = await persistently(() =>
    send(`https://${host}${path}`, { provider, api, method: 'GET', headers, timeout }),
  )
  const fields = fieldsOf(attempt(() => JSON.parse(answer.text)))
  if (answer.status === 200) return fields
  throw refused(answer, fields, api)
}

/** @param now ms */
export async function bearer(
  { keyId, issuerId, bundleId, privateKey }: ApiKey,
  now: number = Date.now(),
): Promise<string> {
  const { SignJWT } = await import('jose')
  const issuedAt = Math.floor(now / 1000)
  return await new SignJWT({ bid: bundleId })
    .setProtectedHeader({ alg: 'ES256', kid: keyId, typ: 'JWT' })
    .setIssuer(issuerId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + oneHour)
    .setAudience('appstoreconnect-v1')
    .sign(privateKey)
}

// internals

/** What Apple allows. */
const oneHour = 3600
/** Tries in all. */
const patience = 6

async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let left = patience - 1; left > 0; left--) {
    try {
      return await call()
    } catch {
      // The last try says why.
    }
  }
  return await call()
}

function refused({ status, text }: HttpAnswer, fields: Fields, api: string): UniPayError {
  const place = { provider, api, httpStatus: status, rawResponse: text } as const
  const { errorCode, errorMessage } = fields
  if (typeof errorCode === 'number')
    return refusal({ ...place, errCode: errorCode, errMsg: String(errorMessage ?? '') })
  const mend = status === 401 ? ': check appId, issuerId, bundleId and the key of appCertPath' : ''
  return new UniPayError({
    ...place,
    errCode: 'REQUEST_FAIL',
    errMsg: `${provider} ${api}: HTTP ${status}${mend}`,
  })
}

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch {
    return undefined
  }
}
