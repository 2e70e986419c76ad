/** How far to move the clock: milliseconds, or `15s`, `3m`, `2h`, `1d` and sums of them (`1h30m`). */
import { LocalError } from '../../errors/errors.ts'

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 }

/** @throws LocalError USAGE */
export function durationMs(text: string | number): number {
  if (typeof text === 'number') {
    if (Number.isFinite(text) && text >= 0) return text
  } else if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    let sum = 0
    for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
      sum += Number(amount) * (units[unit] ?? 0)
    }
    return sum
  } else if (/^\d+$/.test(text)) return Number(text)
  throw new LocalError('USAGE', `"${text}" is no duration`, {
    hint: 'write milliseconds, or 15s, 3m, 2h, 1d, 1h30m; the clock only goes forwards',
  })
}
