/** `uniCloud.logger`: lines for the log store only, not for the console (spec/runtime.md §17). */
import type { GuestLog } from '../../bridge.ts'
import type { GuestRuntime } from '../guest-context.ts'

const levels = ['debug', 'log', 'info', 'warn', 'error'] as const

export type Logger = Record<GuestLog['level'], (...values: unknown[]) => void>

export function createLogger(runtime: GuestRuntime): Logger {
  const methods = levels.map((level) => [
    level,
    (...values: unknown[]) => runtime.log(level, 'logger', values),
  ])
  return Object.fromEntries(methods) as Logger
}
