/** The platforms' times of day: all of them live in UTC+8, whatever zone this machine has (payment-platforms.md §1.3). */

const eightHours = 8 * 3600_000
export const DAY_MS = 24 * 3600_000

/** `2026-01-01T08:00:00+08:00` (WeChat Pay V3) */
export function rfc3339(ms: number): string {
  return `${shifted(ms).slice(0, 19)}+08:00`
}

/** `20260101080000` (WeChat Pay V2, numbers) */
export function compactTime(ms: number): string {
  return shifted(ms).slice(0, 19).replace(/\D/g, '')
}

/** `2026-01-01 08:00:00` (Alipay, bills) */
export function spacedTime(ms: number): string {
  return shifted(ms).slice(0, 19).replace('T', ' ')
}

/** `2026-01-01 08:00:00.123` (Alipay's gmt_refund) */
export function spacedMillis(ms: number): string {
  return shifted(ms).slice(0, 23).replace('T', ' ')
}

/** `2026-01-01T08:00:02.000+0800` (Huawei) */
export function huaweiTime(ms: number): string {
  return `${shifted(ms).slice(0, 23)}+0800`
}

/** `2026-01-01` */
export function dayOf(ms: number): string {
  return shifted(ms).slice(0, 10)
}

/** First instant of a day. @param day `2026-01-01` @returns undefined when there is no such day */
export function startOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const ms = Date.parse(`${day}T00:00:00+08:00`)
  return Number.isNaN(ms) || dayOf(ms) !== day ? undefined : ms
}

// internals

function shifted(ms: number): string {
  return new Date(ms + eightHours).toISOString()
}
