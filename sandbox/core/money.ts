/** Money is whole fen inside; platforms that speak yuan are translated at the door. */

/** 1234 -> `12.34` */
export function yuan(fen: number): string {
  const sign = fen < 0 ? '-' : ''
  const digits = String(Math.abs(fen)).padStart(3, '0')
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * `12.34`, `12.3` or `12` (text or number) -> fen.
 * @returns undefined when it is no amount, or finer than a fen
 */
export function fenOf(amount: unknown): number | undefined {
  const text = typeof amount === 'number' ? String(amount) : amount
  if (typeof text !== 'string') return undefined
  const [, whole, part = ''] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim()) ?? []
  if (whole === undefined) return undefined
  return Number(whole) * 100 + Number(part.padEnd(2, '0'))
}
