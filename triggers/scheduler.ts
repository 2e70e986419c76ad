/**
 * Fires timer triggers by the wall clock (spec/triggers.md §5). It knows no runtime: what firing means is handed in.
 */
import type { Clock } from '../clock/clock.ts'
import { type Cron, CronError, type CronProvider, parseCron } from './cron.ts'
import { FiredTicks } from './fired-ticks.ts'
import { TickHeap } from './tick-heap.ts'
import type { Trigger } from './trigger.ts'

/** What the scheduler must know of a finished run; the rest of the value is the caller's own. */
export interface FireResult {
  /** The run was stopped because it exceeded its time limit. */
  readonly timedOut?: boolean
}

export interface SchedulerOptions<Result extends FireResult> {
  clock: Clock
  provider: CronProvider
  /**
   * Runs the trigger's function.
   *
   * @param scheduledAt the instant the expression matched, a whole second
   * @param attempt 1, and one more with each retry after a time-out
   */
  fire(trigger: Trigger, scheduledAt: Date, attempt: number): Promise<Result>
  /** @param functionName whom the line is about, when it is about one */
  log(level: 'warn' | 'error', text: string, functionName?: string): void
  /** Further attempts after a time-out; default 3 on aliyun, 0 elsewhere. */
  retries?: number
  /** False (`--no-timers`): nothing fires by itself; `next` and `fireNow` still work. Default true. */
  enabled?: boolean
}

/** One trigger of the list, with what is to be expected of it. */
export interface TriggerStatus {
  trigger: Trigger
  /** Coming fire times, ascending; empty when it is disabled or all its times are past. */
  next: Date[]
  /** Why it is disabled. */
  error?: CronError
  warnings: string[]
}

/**
 * The one scheduler of a space. A fire starts although the previous run of the trigger is still going. Ticks more
 * than a second late (sleep, a clock set forward) are not made up for; no tick fires twice.
 */
export class Scheduler<Result extends FireResult = FireResult> implements Disposable {
  readonly #options: SchedulerOptions<Result>
  readonly #retries: number
  #entries = new Map<string, Entry>()
  #heap = new TickHeap<Entry>()
  #timer: Disposable | undefined
  readonly #moves: Disposable | undefined
  /** The clock at the last look. */
  #seen: number
  #disposed = false

  constructor(options: SchedulerOptions<Result>) {
    this.#options = options
    this.#retries = options.retries ?? (options.provider === 'aliyun' ? 3 : 0)
    this.#seen = options.clock.now()
    // A clock that is moved by hand says so; all others are looked at once a minute.
    this.#moves = options.clock.onMove?.(() => this.#wake())
  }

  /**
   * Replaces the list. Unchanged triggers keep their place in time; what is already due fires first, by the old
   * list. A bad expression disables its trigger with a line in the log.
   */
  set(triggers: readonly Trigger[]): void {
    this.#lookAtClock()
    const former = this.#entries
    this.#entries = new Map()
    for (const trigger of triggers) {
      const old = former.get(trigger.functionName)
      if (this.#entries.has(trigger.functionName)) {
        const text = `has more than one timer trigger; "${trigger.name}" is left out`
        this.#options.log('error', text, trigger.functionName)
      } else {
        const unchanged = old?.trigger.name === trigger.name && old.trigger.config === trigger.config
        this.#entries.set(trigger.functionName, unchanged ? old : this.#enter(trigger, old))
      }
    }
    this.#heap = new TickHeap(this.#entries.values())
    this.#arm()
  }

  /** All triggers in the order of the list, each with up to `count` coming fire times. */
  next(count = 1): TriggerStatus[] {
    const now = new Date(this.#options.clock.now())
    return [...this.#entries.values()].map(({ trigger, cron, error }) => ({
      trigger,
      next: cron?.upcoming(now, count) ?? [],
      ...(error ? { error } : {}),
      warnings: cron?.warnings.map((warning) => warning.message) ?? [],
    }))
  }

  /**
   * Fires a trigger once by hand: no retry, and its own times are left as they are. Works for disabled ones too.
   *
   * @param options.at the instant it shall stand for; default: this second
   * @throws Error when the function has no trigger; whatever `fire` rejects with
   */
  async fireNow(functionName: string, options: { at?: Date } = {}): Promise<Result> {
    const entry = this.#entries.get(functionName)
    if (!entry) {
      const known = [...this.#entries.keys()].join(', ') || 'none'
      throw new Error(`[${functionName}] has no timer trigger; functions with one: ${known}`)
    }
    const at = options.at ?? new Date(Math.floor(this.#options.clock.now() / 1000) * 1000)
    if (Number.isNaN(at.getTime())) throw new RangeError('fireNow: "at" is not a valid date')
    return await this.#options.fire(entry.trigger, at, 1)
  }

  /** Nothing fires or is retried from here on; running calls are not disturbed. */
  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
    this.#moves?.[Symbol.dispose]()
  }

  #enter(trigger: Trigger, old: Entry | undefined): Entry {
    const { log, provider } = this.#options
    // Another expression has other ticks; of the old ones only the latest could be met again by both.
    const sameTicks = old?.trigger.config === trigger.config
    const fired = sameTicks ? old.fired : new FiredTicks(old?.fired.latest)
    const entry: Entry = { trigger, fired, at: Number.POSITIVE_INFINITY }
    try {
      entry.cron = parseCron(trigger.config, provider)
    } catch (error) {
      if (!(error instanceof CronError)) throw error
      entry.error = error
      log('error', `timer "${trigger.name}" is disabled: ${error.message}`, trigger.functionName)
      return entry
    }
    for (const warning of entry.cron.warnings) log('warn', warning.message, trigger.functionName)
    entry.at = nextTick(entry, this.#options.clock.now())
    if (entry.at === Number.POSITIVE_INFINITY) {
      const text = `timer "${trigger.name}" will not fire any more: all dates of "${trigger.config}" are past`
      log('warn', text, trigger.functionName)
    }
    return entry
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#disposed || this.#options.enabled === false || this.#entries.size === 0) return
    const wait = (this.#heap.first?.at ?? Number.POSITIVE_INFINITY) - this.#options.clock.now()
    this.#timer = this.#options.clock.setTimer(() => this.#wake(), Math.min(wait, longestSleepMs))
  }

  #wake(): void {
    this.#lookAtClock()
    this.#arm()
  }

  /** Compares the clock with the list and starts what is due. */
  #lookAtClock(): void {
    const now = this.#options.clock.now()
    if (now < this.#seen) this.#rewind(now)
    this.#seen = now
    if (this.#disposed || this.#options.enabled === false) return
    const due: [Entry, number][] = []
    const missed: [Entry, number][] = []
    for (let entry = this.#heap.first; entry && entry.at <= now; entry = this.#heap.first) {
      this.#heap.pop()
      const at = entry.at
      if (now - at > latestMs) {
        missed.push([entry, at])
        entry.fired.interrupt()
        entry.at = nextTick(entry, now - latestMs - 1)
      } else {
        due.push([entry, at])
        entry.fired.add(at)
        entry.at = nextTick(entry, at)
      }
      this.#heap.push(entry)
    }
    if (missed.length > 0) this.#reportMissed(missed)
    // Only now, with the list in order again: `fire` may call `set`.
    for (const [entry, at] of due) void this.#run(entry, at)
  }

  /** The clock was set back: every trigger is due again from now on, except at ticks that have fired. */
  #rewind(now: number): void {
    for (const entry of this.#entries.values()) {
      entry.fired.interrupt()
      entry.at = nextTick(entry, now - 1)
    }
    this.#heap = new TickHeap(this.#entries.values())
  }

  async #run(entry: Entry, at: number): Promise<void> {
    const { functionName, name } = entry.trigger
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.#options.fire(entry.trigger, new Date(at), attempt)
        if (!result.timedOut) return
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#options.log('error', `timer "${name}" could not be fired: ${reason}`, functionName)
        return
      }
      if (attempt > this.#retries || this.#disposed || this.#entries.get(functionName) !== entry) return
      const text = `timer "${name}" timed out; retry ${attempt} of ${this.#retries}`
      this.#options.log('warn', text, functionName)
    }
  }

  #reportMissed(missed: [Entry, number][]): void {
    const since = new Date(Math.min(...missed.map(([, at]) => at))).toISOString()
    const names = missed.slice(0, 5).map(([entry]) => entry.trigger.functionName)
    const list =
      names.join(', ') + (missed.length > names.length ? ` and ${missed.length - names.length} more` : '')
    const text = `timers missed since ${since}, because the machine slept, was busy or its clock moved; not made up for: ${list}`
    this.#options.log('warn', text, missed.length === 1 ? names[0] : undefined)
  }
}

// internals

/** Re-checking the clock at least this often makes suspends and clock changes harmless. */
const longestSleepMs = 60_000
/** A fire up to this late still counts. */
const latestMs = 1000

interface Entry {
  trigger: Trigger
  /** Absent when the expression is bad; `error` then says why. */
  cron?: Cron
  error?: CronError
  fired: FiredTicks
  /** Next tick, epoch milliseconds; `Infinity` when there is none. */
  at: number
}

function nextTick(entry: Entry, after: number): number {
  let next = entry.cron?.nextAfter(new Date(after))
  while (next) {
    const fired = entry.fired.endOfRun(next.getTime())
    if (fired === undefined) return next.getTime()
    next = entry.cron?.nextAfter(new Date(fired))
  }
  return Number.POSITIVE_INFINITY
}
