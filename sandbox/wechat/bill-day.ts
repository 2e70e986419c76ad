/** When a WeChat bill can be had: from 10:00 UTC+8 of the next day, for three months (payment-platforms.md §3.7). */
import { DAY_MS, dayOf, startOfDay } from '../core/beijing-time.ts'
import type { Period } from '../core/statement.ts'

const READY_AFTER_MS = DAY_MS + 10 * 3600_000
const KEPT_DAYS = 92

/** @param day `2026-01-01` @returns `invalid`: no day of the past, or too long ago; `creating`: not yet */
export function billState(day: string, now: number): 'ready' | 'creating' | 'invalid' {
  const start = startOfDay(day)
  if (start === undefined || day >= dayOf(now) || now - start > KEPT_DAYS * DAY_MS) return 'invalid'
  return now >= start + READY_AFTER_MS ? 'ready' : 'creating'
}

/** A whole day. @param day one that `billState` does not call invalid */
export function periodOf(day: string): Period {
  const from = startOfDay(day) ?? 0
  return { from, until: from + DAY_MS }
}
