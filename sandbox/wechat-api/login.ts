/** Signing in and tokens (payment-platforms.md §8.1). */
import { type Answer, type ApiRequest, jsonAnswer } from '../core/exchange.ts'
import { isObject, parseJson, textAt } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import type { PlatformParts } from '../core/platform.ts'
import { WechatApiError } from './errors.ts'
import type { Sessions } from './sessions.ts'

export function jscode2session(parts: PlatformParts, sessions: Sessions, { query }: ApiRequest): Answer {
  checkApp(parts, query.get('appid'), query.get('secret'))
  const openid = redeem(parts, 'jscode', query.get('js_code'))
  sessions.signedIn(openid)
  return jsonAnswer(200, { session_key: sessions.sessionKey(openid), openid })
}

export function oauthToken(parts: PlatformParts, sessions: Sessions, { query }: ApiRequest): Answer {
  checkApp(parts, query.get('appid'), query.get('secret'))
  const openid = redeem(parts, 'oauth', query.get('code'))
  sessions.signedIn(openid)
  return jsonAnswer(200, {
    access_token: `SBX_${numbers.token()}`,
    expires_in: 7200,
    refresh_token: `SBX_${numbers.token()}`,
    openid,
    scope: 'snsapi_base',
  })
}

export function stableToken(parts: PlatformParts, sessions: Sessions, { body }: ApiRequest): Answer {
  const asked = parseJson(body)
  if (!isObject(asked)) throw new WechatApiError(47001)
  checkApp(parts, textAt(asked, 'appid'), textAt(asked, 'secret'))
  return tokenAnswer(sessions, asked.force_refresh === true)
}

/** The older call replaces the token each time. */
export function plainToken(parts: PlatformParts, sessions: Sessions, { query }: ApiRequest): Answer {
  checkApp(parts, query.get('appid'), query.get('secret'))
  return tokenAnswer(sessions, true)
}

// internals

function tokenAnswer(sessions: Sessions, fresh: boolean): Answer {
  const { token, expiresIn } = sessions.token(fresh)
  return jsonAnswer(200, { access_token: token, expires_in: expiresIn })
}

function checkApp(
  parts: PlatformParts,
  appid: string | null | undefined,
  secret: string | null | undefined,
): void {
  const { wechat } = parts.keys().constants
  if (appid !== wechat.appid) throw new WechatApiError(40013)
  if (secret !== wechat.secret) throw new WechatApiError(40125)
}

function redeem(parts: PlatformParts, kind: 'jscode' | 'oauth', code: string | null): string {
  const redeemed = parts.codes.redeem(kind, code ?? '')
  if (redeemed === 'unknown') throw new WechatApiError(40029)
  if (redeemed === 'used') throw new WechatApiError(40163)
  return redeemed.openid
}
