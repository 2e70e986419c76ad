/** The platforms' wall clock is Beijing's, UTC+8 without summer time. */

/** ms -> `yyyy-MM-dd HH:mm:ss` */
export function chinaTime(ms: number): string {
  return new Date(ms + eightHours).toISOString().slice(0, 19).replace('T', ' ')
}

/** A time with its zone (`2026-01-01T08:00:00+08:00`) -> `yyyyMMddHHmmss`; undefined when it is none. */
export function compactTime(time: unknown): string | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(ms) ? undefined : chinaTime(ms).replace(/\D/g, '')
}

// internals

const eightHours = 8 * 3600_000
