/**
 * The token of a uni-id user: a JSON Web Token signed with HMAC-SHA256 (spec/uni-id.md §1). Readable by anyone; only
 * the signature protects it. Neither clock nor configuration is read here.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a token says; custom-token.js may add members. */
export interface TokenPayload {
  uid: string
  role?: string[]
  permission?: string[]
  /** Version of the module that made the token. */
  uniIdVersion?: string
  /** Seconds since 1970. */
  iat: number
  exp: number
  [custom: string]: unknown
}

export type Reading = { payload: TokenPayload } | { problem: 'invalid' | 'expired' }

export function signToken(payload: object, secret: string): string {
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`
  return `${content}.${signature(content, secret)}`
}

/**
 * Reads a token from a client. The signature is checked first, so that nothing a stranger wrote is interpreted.
 *
 * @param now ms
 */
export function readToken(token: unknown, secret: string, now: number): Reading {
  const parts = typeof token === 'string' ? token.split('.') : []
  const [header, body, signed] = parts
  if (parts.length !== 3 || !header || !body || !signed) return { problem: 'invalid' }
  if (!isEqual(signed, signature(`${header}.${body}`, secret))) return { problem: 'invalid' }
  const { alg, typ } = decode(header) ?? {}
  if (alg !== 'HS256' || typ !== 'JWT') return { problem: 'invalid' }
  const payload = decode(body) as TokenPayload | undefined
  if (payload === undefined) return { problem: 'invalid' }
  return payload.exp * 1000 < now ? { problem: 'expired' } : { payload }
}

/** What a token of our own storage says, unchecked; undefined when it is not a token. */
export function peekToken(token: string): Partial<TokenPayload> | undefined {
  const body = token.split('.')[1]
  return body === undefined ? undefined : decode(body)
}

// internals

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Only objects: neither header nor payload may be anything else. */
function decode(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return value as Record<string, unknown>
  } catch {
    return undefined
  }
}

function signature(content: string, secret: string): string {
  return createHmac('sha256', secret).update(content).digest('base64url')
}

/** Compares the texts, not the bytes: padding and other spellings of the same bytes are refused. */
function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
