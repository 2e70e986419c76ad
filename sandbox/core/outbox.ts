/** Notifications on their way: attempts, verdicts, the platforms' ladders of retries, and what faults do to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agenda, DueItem } from './agenda.ts'
import type { BusinessClock } from './business-clock.ts'
import type { CallLog } from './call-log.ts'
import { type Deliver, DeliveryTimeout, deliveryTarget } from './delivery.ts'
import type { DocumentStore } from './document-store.ts'
import { explainFault, type FaultKind, faultArg } from './fault-kinds.ts'
import type { Fault, Faults } from './faults.ts'
import type { Attempt, NewNotice, Notice, NoticeRules, Reply } from './notice.ts'
import { numbers } from './numbers.ts'
import type { SettingsKeeper } from './settings.ts'

export interface OutboxParts {
  clock: BusinessClock
  store: DocumentStore
  agenda: Agenda
  faults: Faults
  calls: CallLog
  settings: SettingsKeeper
  deliver: Deliver
  rules(notice: Notice): NoticeRules
  publicUrl(): string
}

const KIND = 'notices'
/** What happens on the way, whatever is sent. */
const transportFaults: readonly FaultKind[] = [
  'notify.duplicate',
  'notify.lost',
  'notify.delay',
  'notify.slow',
]

export class Outbox {
  readonly #parts: OutboxParts
  readonly #notices = new Map<string, Notice>()
  #serial = 0

  constructor(parts: OutboxParts) {
    this.#parts = parts
    parts.agenda.add({ nextDue: () => this.#nextDue() })
  }

  /** Takes up what a former run left; attempts that fell due in between are skipped, not made up for in a burst. */
  async load(): Promise<void> {
    const kept = await this.#parts.store.load<Notice>(KIND, [
      'id',
      'serial',
      'platform',
      'url',
      'content',
      'attempts',
    ])
    for (const notice of kept.sort((a, b) => a.serial - b.serial)) {
      this.#serial = notice.serial
      this.#notices.set(notice.id, notice)
      this.#takeUp(notice)
      this.#skipMissed(notice)
    }
  }

  async clear(): Promise<void> {
    this.#notices.clear()
    await this.#parts.store.clear([KIND])
  }

  /** Newest first. */
  list(filter: { outTradeNo?: string; orderId?: string } = {}): Notice[] {
    return [...this.#notices.values()]
      .filter((notice) => !filter.outTradeNo || notice.outTradeNo === filter.outTradeNo)
      .filter((notice) => !filter.orderId || notice.orderId === filter.orderId)
      .reverse()
  }

  get(id: string): Notice | undefined {
    return this.#notices.get(id)
  }

  /** Queues one; it goes out when the agenda next looks. */
  add(fields: NewNotice): Notice {
    const now = this.#parts.clock.now()
    const notice: Notice = {
      id: numbers.id('n'),
      serial: ++this.#serial,
      createdAt: now,
      state: 'waiting',
      nextAt: now,
      retries: 0,
      attempts: [],
      ...fields,
    }
    this.#notices.set(notice.id, notice)
    this.#save(notice)
    return notice
  }

  /** What can be done wrong in sending this one. */
  faultsOf(notice: Notice): readonly FaultKind[] {
    return ['notify.slow', ...this.#parts.rules(notice).plays(notice)]
  }

  /** Sends it now, whatever its ladder says. @param fault one of `faultsOf` */
  async deliver(notice: Notice, fault?: Fault): Promise<Attempt> {
    const attempt = await this.#send(notice, fault)
    if (attempt.verdict === 'accepted') this.#settle(notice, 'accepted')
    this.#save(notice)
    return attempt
  }

  // internals

  #nextDue(): DueItem | undefined {
    let next: Notice | undefined
    for (const notice of this.#notices.values()) {
      if (notice.nextAt !== undefined && (!next || notice.nextAt < (next.nextAt ?? 0))) next = notice
    }
    const at = next?.nextAt
    if (!next || at === undefined) return undefined
    const notice = next
    return { at, run: () => this.#attempt(notice, at) }
  }

  async #attempt(notice: Notice, scheduled: number): Promise<void> {
    delete notice.nextAt
    notice.underWay = scheduled
    if (notice.pauseMs !== undefined && notice.attempts.length === 0) await sleep(notice.pauseMs)
    const fault = this.#parts.faults.take(this.#faultsFor(notice), {
      provider: notice.provider,
      api: notice.kind,
      outTradeNo: notice.outTradeNo,
    })
    await this.#play(notice, fault, scheduled)
    delete notice.underWay
    this.#save(notice)
  }

  async #play(notice: Notice, fault: Fault | undefined, scheduled: number): Promise<void> {
    switch (fault?.fault) {
      case 'notify.delay':
        notice.nextAt = scheduled + Number(faultArg(fault, 'ms'))
        return this.#say(notice, 'warn', `fault ${explainFault(fault)}`)
      case 'notify.outOfOrder':
        notice.state = 'held'
        return this.#say(notice, 'warn', `fault ${explainFault(fault)}`)
      case 'notify.lost':
        this.#record(notice, await this.#compose(notice), { verdict: 'lost', why: 'never arrived' }, fault)
        return this.#climb(notice, scheduled)
      case 'notify.duplicate': {
        const times = Math.max(2, Number(faultArg(fault, 'times')))
        await this.#conclude(notice, scheduled, () =>
          Promise.all(Array.from({ length: times }, () => this.#send(notice, fault))),
        )
        return
      }
      default:
        await this.#conclude(notice, scheduled, async () => [await this.#send(notice, fault)])
    }
  }

  async #conclude(notice: Notice, scheduled: number, send: () => Promise<Attempt[]>): Promise<void> {
    const attempts = await send()
    if (attempts.some((attempt) => attempt.verdict === 'accepted')) this.#settle(notice, 'accepted')
    else if (attempts.some((attempt) => attempt.verdict === 'blocked')) this.#settle(notice, 'blocked')
    // Somebody may have delivered it by hand meanwhile.
    else if (notice.state === 'waiting') this.#climb(notice, scheduled)
  }

  #settle(notice: Notice, state: 'accepted' | 'blocked' | 'gaveUp'): void {
    if (state === 'accepted' && notice.state !== 'accepted') this.#parts.rules(notice).acknowledged?.(notice)
    notice.state = state
    delete notice.nextAt
  }

  /** Onto the next step; the platform counts from the attempt that failed. */
  #climb(notice: Notice, scheduled: number): void {
    const wait = this.#parts.rules(notice).ladder(notice)[notice.retries]
    if (wait === undefined) {
      this.#settle(notice, 'gaveUp')
      this.#say(notice, 'warn', 'the last retry failed; the platform gives up')
      return
    }
    if (!this.#parts.settings.values.autoRetry) {
      notice.state = 'held'
      this.#say(notice, 'info', 'no retry by itself, since the setting autoRetry is off')
      return
    }
    notice.retries += 1
    notice.nextAt = scheduled + wait
  }

  /** A process was killed while it waited for the answer: to the platform, none came. */
  #takeUp(notice: Notice): void {
    const { underWay, state, nextAt, createdAt } = notice
    delete notice.underWay
    if (state !== 'waiting' || nextAt !== undefined) return
    this.#say(notice, 'warn', 'the sandbox ended before an attempt was answered; it counts as failed')
    this.#climb(notice, underWay ?? createdAt)
    this.#save(notice)
  }

  #skipMissed(notice: Notice): void {
    if (notice.nextAt === undefined) return
    const ladder = this.#parts.rules(notice).ladder(notice)
    const now = this.#parts.clock.now()
    while (notice.nextAt !== undefined && notice.nextAt < now && notice.attempts.length > 0) {
      const wait: number | undefined = ladder[notice.retries]
      notice.retries += 1
      if (wait === undefined) this.#settle(notice, 'gaveUp')
      else notice.nextAt += wait
    }
  }

  async #send(notice: Notice, fault: Fault | undefined): Promise<Attempt> {
    const { settings, deliver, publicUrl } = this.#parts
    const rules = this.#parts.rules(notice)
    const outgoing = await this.#compose(notice, fault)
    const target = deliveryTarget(notice.url, settings.values.notifyRewrite, publicUrl())
    if ('refusal' in target) {
      return this.#record(notice, outgoing, { verdict: 'blocked', why: target.refusal }, fault)
    }
    // Composed for the merchant's address; sent to what it stands for.
    const sent = { ...outgoing, url: outgoing.url.replace(notice.url, () => target.url) }
    const timeout =
      fault?.fault === 'notify.slow'
        ? Number(faultArg(fault, 'ms'))
        : (settings.values.notifyTimeoutMs ?? rules.timeoutMs)
    try {
      const started = performance.now()
      const reply = await deliver(sent, timeout)
      const took = Math.round(performance.now() - started)
      const outcome = judged(reply, rules.judge(reply), rules.doubt?.(reply))
      return this.#record(notice, sent, { ...outcome, took }, fault)
    } catch (error) {
      const verdict = error instanceof DeliveryTimeout ? 'timeout' : 'unreachable'
      return this.#record(notice, sent, { verdict, why: reasonOf(error, sent.url, publicUrl()) }, fault)
    } finally {
      this.#release(notice)
    }
  }

  #compose(notice: Notice, fault?: Fault): Promise<Attempt['request']> {
    return Promise.resolve(this.#parts.rules(notice).compose(notice, fault))
  }

  #record(
    notice: Notice,
    request: Attempt['request'],
    outcome: Pick<Attempt, 'verdict' | 'why' | 'status' | 'answer' | 'took'>,
    fault: Fault | undefined,
  ): Attempt {
    const attempt: Attempt = { at: this.#parts.clock.now(), request, ...outcome }
    if (fault) attempt.fault = explainFault(fault)
    notice.attempts.push(attempt)
    const number = `attempt ${notice.attempts.length}`
    const status = attempt.status === undefined ? '' : ` HTTP ${attempt.status},`
    const why = attempt.why === '' ? '' : `: ${attempt.why}`
    const played = attempt.fault === undefined ? '' : `; fault ${attempt.fault}`
    const level = attempt.verdict === 'accepted' && attempt.why === '' && !fault ? 'info' : 'warn'
    this.#say(notice, level, `${number} ->${status} ${attempt.verdict}${why}${played}`)
    return attempt
  }

  /** Once a refund was reported, a payment that was held back for it may go. */
  #release(sent: Notice): void {
    if (sent.kind !== 'refund') return
    for (const notice of this.#notices.values()) {
      if (notice.state !== 'held' || notice.orderId !== sent.orderId || notice.attempts.length > 0) continue
      notice.state = 'waiting'
      notice.nextAt = this.#parts.clock.now()
      this.#save(notice)
    }
  }

  #faultsFor(notice: Notice): FaultKind[] {
    const own = this.#parts.rules(notice).plays(notice)
    const held: FaultKind[] = notice.kind === 'payment' ? ['notify.outOfOrder'] : []
    return [...transportFaults, ...held, ...own]
  }

  #say(notice: Notice, level: 'info' | 'warn', text: string): void {
    const about = notice.outTradeNo ? ` of ${notice.outTradeNo}` : ''
    this.#parts.calls.say(level, `${notice.provider} ${notice.kind} notification${about}: ${text}`)
  }

  #save(notice: Notice): void {
    this.#parts.store.put(KIND, notice.id, notice)
  }
}

function judged(
  reply: Reply,
  refusal: string | undefined,
  doubt = '',
): Pick<Attempt, 'verdict' | 'why' | 'status' | 'answer'> {
  const answer = reply.body.slice(0, 2000)
  if (refusal === undefined) return { verdict: 'accepted', why: doubt, status: reply.status, answer }
  return { verdict: 'refused', why: refusal, status: reply.status, answer }
}

/** @param own the space's address, which may be the one that was meant */
function reasonOf(error: unknown, url: string, own: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const { origin } = new URL(url)
  if (code === 'ECONNREFUSED' && origin !== own) {
    return `ECONNREFUSED, nothing listens at ${origin}; this space is at ${own}: make that the notifyUrl in uni-pay's config.js, or say what ${origin} stands for with the setting notifyRewrite`
  }
  return code === undefined ? message : `${code} ${message}`
}
