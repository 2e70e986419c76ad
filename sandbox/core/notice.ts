/** A notification to the merchant, and what became of each attempt to deliver it. */
import type { FaultKind } from './fault-kinds.ts'
import type { Fault } from './faults.ts'
import type { JsonObject } from './json.ts'
import type { PlatformId, Provider } from './order.ts'

/** What it reports: `payment`, `refund`, `closed`, or an event of the platform's own. */
export type NoticeKind = string

/**
 * waiting: to be sent, or sent again, at `nextAt`. held: waits for another one, or for a hand. gaveUp: the ladder is
 * at its end. blocked: its address is not on this machine, so it was never sent.
 */
export type NoticeState = 'waiting' | 'held' | 'accepted' | 'gaveUp' | 'blocked'

export interface Notice {
  id: string
  /** Counts up. */
  serial: number
  provider: Provider
  platform: PlatformId
  kind: NoticeKind
  orderId: string
  outTradeNo: string
  url: string
  createdAt: number
  /** What it says, in the platform's own members; each attempt is made from it. */
  content: JsonObject
  state: NoticeState
  /** Business time of the next attempt. */
  nextAt?: number
  /** Business time that the attempt under way was due at; still there after a process that was killed in it. */
  underWay?: number
  /** Steps of the ladder used up. */
  retries: number
  attempts: Attempt[]
  /** Real ms before the first attempt, for money that comes on the heels of something else. */
  pauseMs?: number
}

export type Verdict = 'accepted' | 'refused' | 'timeout' | 'unreachable' | 'lost' | 'blocked'

export interface Attempt {
  at: number
  request: Outgoing
  status?: number
  answer?: string
  /** Real ms from sending to the end of the answer; absent where nothing was answered. */
  took?: number
  verdict: Verdict
  /** What it hangs on, in words. */
  why: string
  /** The fault that was played, explained. */
  fault?: string
}

export interface Outgoing {
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

export type NewNotice = Pick<
  Notice,
  'provider' | 'platform' | 'kind' | 'orderId' | 'outTradeNo' | 'url' | 'content' | 'pauseMs'
>

/** A platform's own rules for telling merchants. */
export interface NoticeRules {
  /** Waits before each retry, in ms. */
  ladder(notice: Notice): readonly number[]
  /** How long an answer may take, in ms. */
  timeoutMs: number
  /** What `compose` can do wrong in this one; other faults are left for notifications that can play them. */
  plays(notice: Notice): readonly FaultKind[]
  /** One attempt, newly signed where the platform does so. @param fault what to do wrong in it */
  compose(notice: Notice, fault?: Fault): Outgoing | Promise<Outgoing>
  /** @returns why the answer is no acknowledgement; undefined when it is one */
  judge(reply: Reply): string | undefined
  /** What is odd about an answer that counts as an acknowledgement all the same. */
  doubt?(reply: Reply): string | undefined
  /** Told once a merchant acknowledged one. */
  acknowledged?(notice: Notice): void
}

/** WeChat Pay V2 and V3: 15 retries within 24 h 4 min (payment-platforms.md §3.6). */
export const wechatLadder: readonly number[] = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
].map((seconds) => seconds * 1000)
