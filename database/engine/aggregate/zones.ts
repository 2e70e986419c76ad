import { fail } from '../errors.ts'
import { DAY, HOUR, MINUTE } from './dates.ts'

/** One time zone, with the offsets it has had. */
export interface TimeZone {
  /** Milliseconds to add to UTC at that instant (Unix milliseconds). */
  offsetAt(instant: number): number
  /** Wall clock time (see dates.ts) at that instant. */
  toLocal(instant: number): number
  /**
   * Instant of a wall clock time. A time that daylight saving skips is read with the offset before the change,
   * one that it repeats is the first of the two.
   */
  toInstant(local: number): number
}

export const UTC: TimeZone = {
  offsetAt: () => 0,
  toLocal: (instant) => instant,
  toInstant: (local) => local,
}

/** Time zones by identifier, each made once; the offsets they looked up stay with them. */
export class TimeZones {
  readonly #zones = new Map<string, TimeZone>()

  /**
   * Finds a zone by its Olson name (`Asia/Shanghai`) or UTC offset (`+08`, `+0830`, `-03:30`).
   * @throws DatabaseError 40485 when there is none
   */
  get(identifier: string): TimeZone {
    let zone = this.#zones.get(identifier)
    if (!zone) {
      zone = createZone(identifier)
      this.#zones.set(identifier, zone)
    }
    return zone
  }
}

/**
 * Milliseconds of a UTC offset (`+08`, `+0830`, `+08:30`), or undefined when the text is not one.
 * `Z` is not among them: MongoDB takes it in date texts only.
 */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text)
  if (!match) return undefined
  const size = Number(match[2]) * HOUR + Number(match[3] ?? 0) * MINUTE
  return match[1] === '-' ? -size : size
}

// internals

function createZone(identifier: string): TimeZone {
  if (identifier === 'UTC' || identifier === 'GMT' || identifier === 'Z') return UTC
  const offset = parseOffset(identifier)
  if (offset !== undefined) return offset === 0 ? UTC : new FixedZone(offset)
  return new NamedZone(zoneFormat(identifier))
}

function zoneFormat(identifier: string): Intl.DateTimeFormat {
  // Intl also knows offset zones in more spellings than MongoDB; only names get here.
  if (!/^[A-Za-z]/.test(identifier)) return unknownZone(identifier)
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: identifier,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return unknownZone(identifier)
  }
}

function unknownZone(identifier: string): never {
  return fail(40485, `unrecognized time zone identifier: "${identifier}"`)
}

class FixedZone implements TimeZone {
  readonly #offset: number

  constructor(offset: number) {
    this.#offset = offset
  }

  offsetAt(): number {
    return this.#offset
  }

  toLocal(instant: number): number {
    return instant + this.#offset
  }

  toInstant(local: number): number {
    return local - this.#offset
  }
}

/** The offset changes once on a day, at that instant. */
interface Change {
  at: number
  before: number
  after: number
}

class NamedZone implements TimeZone {
  readonly #format: Intl.DateTimeFormat
  /** Per UTC day its offset, or the change that happens on it: asking Intl costs microseconds each time. */
  readonly #days = new Map<number, number | Change>()

  constructor(format: Intl.DateTimeFormat) {
    this.#format = format
  }

  offsetAt(instant: number): number {
    const day = Math.floor(instant / DAY)
    let known = this.#days.get(day)
    if (known === undefined) {
      known = this.#lookUp(day)
      if (this.#days.size >= MOST_CACHED_DAYS) this.#days.clear()
      this.#days.set(day, known)
    }
    if (typeof known === 'number') return known
    return instant < known.at ? known.before : known.after
  }

  toLocal(instant: number): number {
    return instant + this.offsetAt(instant)
  }

  toInstant(local: number): number {
    const before = this.offsetAt(local - DAY)
    const after = this.offsetAt(local + DAY)
    if (before === after || this.offsetAt(local - before) === before) return local - before
    if (this.offsetAt(local - after) === after) return local - after
    return local - before
  }

  #lookUp(day: number): number | Change {
    const start = day * DAY
    const before = this.#ask(start)
    const after = this.#ask(start + DAY - 1)
    if (before === after) return before
    let low = start
    let high = start + DAY - 1
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#ask(middle) === before) low = middle
      else high = middle
    }
    return { at: high, before, after }
  }

  #ask(instant: number): number {
    const clamped = Math.min(Math.max(instant, FIRST_INSTANT), LAST_INSTANT)
    const whole = Math.floor(clamped / 1000) * 1000
    const parts: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(whole)) parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const wall = new Date(0)
    wall.setUTCFullYear(year, month - 1, day)
    wall.setUTCHours(hour, minute, second)
    return wall.getTime() - whole
  }
}

const MOST_CACHED_DAYS = 50_000
/** Before the year 2 every zone has its local mean time; asking there keeps eras out of the picture. */
const FIRST_INSTANT = -62_104_060_800_000
const LAST_INSTANT = 8_640_000_000_000_000 - 2 * DAY
