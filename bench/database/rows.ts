/** What the suite measures, row by row, with the target of each (spec/embedded-database.md §16). */
import type { Compared } from './interleave.ts'

export interface Row {
  measure: string
  /** Upper bound of what is measured. */
  target: number
  value: number
  /** `x` for a ratio. */
  unit: 'x' | 's' | 'ms' | 'KB'
  /** Microseconds of both sides of a ratio. */
  ours?: number
  other?: number
  /** Microseconds of processor time of what is given in seconds: on a busy machine much less. */
  processor?: number
}

export function ratio(measure: string, target: number, { ours, other, ratio }: Compared): Row {
  return { measure, target, value: ratio, unit: 'x', ours, other }
}

export const rowHead = ['measure', 'ours', 'other', 'measured', 'target', ''] as const

export function rowCells({ measure, target, value, unit, ours, other, processor }: Row): string[] {
  const times = [ours, other].map((micros) => (micros === undefined ? '' : duration(micros)))
  if (processor !== undefined) times[0] = `${duration(processor)} of processor`
  const missed = value > target ? `missed, ${(value / target).toFixed(2)} times the target` : 'met'
  return [measure, ...times, amount(value, unit), amount(target, unit), missed]
}

// internals

function amount(value: number, unit: Row['unit']): string {
  const digits = value < 0.095 ? 3 : 2
  return unit === 'x' ? `× ${value.toFixed(digits)}` : `${value.toFixed(digits)} ${unit}`
}

function duration(micros: number): string {
  return micros < 1000 ? `${micros.toFixed(micros < 10 ? 1 : 0)} µs` : `${(micros / 1000).toFixed(1)} ms`
}
