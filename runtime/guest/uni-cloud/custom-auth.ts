/** `uniCloud.customAuth` of tencent: login of the project's own users (spec/runtime.md §8). */
import { createHmac, randomUUID } from 'node:crypto'
import type { GuestRuntime } from '../guest-context.ts'
import { invalidParam } from './error.ts'

const defaultRefreshMs = 3600_000
const defaultExpireMs = 7 * 24 * 3600_000

/** What tencent accepts as the id of a user. */
const userId = /^[A-Za-z0-9_\-#@(){}[\]:.,<>+]{4,32}$/

export interface TicketOptions {
  /** Milliseconds after which the client fetches a new access token. */
  refresh?: number
  /** Life of the ticket's login in milliseconds; the name of the option in the docs. */
  expire?: number
}

export interface CustomAuth {
  createTicket(uid: string, options?: TicketOptions): string
  getUserInfo(): Record<string, string | boolean>
}

export function customAuth(runtime: GuestRuntime): CustomAuth {
  return {
    createTicket: (uid, options = {}) => createTicket(runtime, uid, options),
    // Who logged in with tencent's own login; nobody does here.
    getUserInfo: () => ({ openId: '', appId: '', uid: '', customUserId: '', isAnonymous: true }),
  }
}

// internals

/** `<key id>/@@/<JWT>`, tencent's form. The key is a local one: tickets are good for this space only. */
function createTicket(runtime: GuestRuntime, uid: string, options: TicketOptions): string {
  if (typeof uid !== 'string' || !userId.test(uid)) {
    throw invalidParam('createTicket: uid must be a string of 4 to 32 letters, digits and _-#@(){}[]:.,<>+')
  }
  const { spaceId } = runtime.space
  const now = runtime.now()
  const refresh = options.refresh ?? defaultRefreshMs
  const claims = {
    alg: 'HS256',
    env: spaceId,
    iat: now,
    exp: now + 10 * 60_000,
    uid,
    refresh,
    expire: now + (options.expire ?? defaultExpireMs),
    jti: randomUUID(),
  }
  const content = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`
  const signature = createHmac('sha256', `local:${spaceId}`).update(content).digest('base64url')
  return `local/@@/${content}.${signature}`
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
