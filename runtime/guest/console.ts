/** The `console` of user code: every line goes to the host with the request id of its call (spec/runtime.md §17). */
import { Console } from 'node:console'
import { formatWithOptions } from 'node:util'
import type { GuestLog } from '../bridge.ts'
import { foldFrames } from './stack.ts'

type Level = GuestLog['level']
type Emit = (level: Level, text: string) => void

/** As HBuilderX prints objects (spec/runtime.md §17). */
const inspectOptions = { depth: 20 }
/** Characters of one line; more is cut. */
const maxText = 256 * 1024
/** Lines an instance may print per second; a loop that prints must not drown the host. */
const maxLinesPerSecond = 5000

const levels = ['debug', 'log', 'info', 'warn', 'error'] as const

/** What `console.log` would print of these arguments. */
export function formatLine(args: readonly unknown[]): string {
  return shorten(formatWithOptions(inspectOptions, ...args))
}

/** A console whose lines go to `emit` instead of the standard streams; groups, tables and counters work. */
export function createConsole(emit: Emit): Console {
  const limited = limitRate(emit)
  let level: Level | undefined
  const stream = (standard: Level) => ({
    write(text: string): boolean {
      limited(level ?? standard, shorten(text.endsWith('\n') ? text.slice(0, -1) : text))
      return true
    },
  })
  const target = new Console({
    stdout: stream('log') as unknown as NodeJS.WritableStream,
    stderr: stream('error') as unknown as NodeJS.WritableStream,
    ignoreErrors: false,
    colorMode: false,
    inspectOptions,
  })
  // Node sends three of the levels to stdout and two to stderr; which one it was is remembered on the way.
  for (const name of levels) {
    const print = target[name].bind(target)
    target[name] = (...args: unknown[]): void => {
      level = name
      try {
        print(...args)
      } finally {
        level = undefined
      }
    }
  }
  return target
}

// internals

/** Passes a number of lines per second and counts the rest; what was left out is said once. */
function limitRate(emit: Emit): Emit {
  let windowStart = 0
  let lines = 0
  return (level, text) => {
    const now = performance.now()
    if (now - windowStart >= 1000) {
      if (lines > maxLinesPerSecond) {
        emit('warn', `${lines - maxLinesPerSecond} more lines were printed within a second and left out`)
      }
      windowStart = now
      lines = 0
    }
    if (++lines <= maxLinesPerSecond) emit(level, text)
  }
}

function shorten(text: string): string {
  const cut = text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text
  return cut.includes('\n    at ') ? foldFrames(cut) : cut
}
