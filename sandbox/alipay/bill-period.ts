/** Which bills Alipay has: of a day from 10:00 of the next one, of a month from the fourth of the next one. */
import { DAY_MS, dayOf, startOfDay } from '../core/beijing-time.ts'
import type { Period } from '../core/statement.ts'

const DAY_READY_MS = 10 * 3600_000
const MONTH_READY_MS = 3 * DAY_MS

export interface BillPeriod extends Period {
  /** `20260101` or `202601`, as file names have it. */
  digits: string
  /** From then on it can be had, epoch ms. */
  readyAt: number
}

/** @param text `2026-01-01` or `2026-01` @returns undefined for what is neither, and for what is not over */
export function billPeriod(text: string, now: number): BillPeriod | undefined {
  const month = /^\d{4}-\d{2}$/.test(text)
  const from = startOfDay(month ? `${text}-01` : text)
  if (from === undefined) return undefined
  const until = month ? nextMonth(text) : from + DAY_MS
  if (dayOf(now) < dayOf(until)) return undefined
  return {
    from,
    until,
    digits: text.replaceAll('-', ''),
    readyAt: until + (month ? MONTH_READY_MS : DAY_READY_MS),
  }
}

// internals

function nextMonth(text: string): number {
  const [year = 0, month = 0] = text.split('-').map(Number)
  // The zone is eight hours ahead.
  return Date.UTC(year, month, 1) - 8 * 3600_000
}
