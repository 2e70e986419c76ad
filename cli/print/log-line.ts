/** Log entries as a person reads them in a terminal, or as JSON lines. */
import pc from 'picocolors'
import type { LogEntry } from '../../runtime/host/log-store.ts'
import { wallTime } from './wall-clock.ts'

/** Turns an entry into the text of one or more lines, or undefined when it is not meant for the terminal. */
export type LogFormat = (entry: LogEntry) => string | undefined

export const jsonLines: LogFormat = (entry) =>
  JSON.stringify({ ...entry, time: new Date(entry.time).toISOString() })

/**
 * @param options.color whether the stream is a terminal that shows colour
 * @param options.quiet leave out lines of calls that went well
 */
export function humanLines(options: { color: boolean; quiet: boolean }): LogFormat {
  const color = pc.createColors(options.color)
  const clockText = clock()
  return (entry) => {
    // `uniCloud.logger` writes to the log store only (spec/runtime.md §8).
    if (entry.channel === 'logger') return undefined
    if (entry.channel === 'call') {
      return options.quiet && entry.call?.ok ? undefined : callLine(entry, clockText(entry.time), color)
    }
    const paint =
      entry.level === 'error' ? color.red : entry.level === 'warn' ? color.yellow : (text: string) => text
    // Our own remarks name the function themselves.
    const who = entry.functionName && entry.channel !== 'system' ? `[${entry.functionName}] ` : ''
    const id = entry.requestId ? color.dim(` ${entry.requestId.slice(0, 8)}`) : ''
    const plain = entry.channel === 'system' ? withoutControls(entry.text) : entry.text
    const text = plain.includes('\n') ? plain.replaceAll('\n', '\n    ') : plain
    return `${color.dim(clockText(entry.time))}${id} ${color.cyan(who)}${paint(text)}`
  }
}

// internals

type Colors = ReturnType<typeof pc.createColors>

function callLine(entry: LogEntry, clockText: string, color: Colors): string {
  const call = entry.call
  const time = color.dim(clockText)
  const id = color.dim(entry.requestId?.slice(0, 8) ?? '        ')
  if (!call) return `${time} ${id} ${entry.text}`
  const ms = `${call.durationMs < 10 ? call.durationMs.toFixed(1) : Math.round(call.durationMs)} ms`
  const code = oneLine(String(call.errCode ?? 'failed'))
  const answer = call.errCode === undefined ? color.green('ok') : color.yellow(`errCode ${code}`)
  const result = call.ok ? answer : color.red(code)
  const why = call.errMsg ? ` ${color.red(oneLine(call.errMsg))}` : ''
  const cold = call.cold ? color.dim(' cold') : ''
  return `${time} ${id} ${call.source.padEnd(8)} ${color.bold(oneLine(call.target).padEnd(28))} ${ms.padStart(8)} ${result}${cold}${why}`
}

/** A call stays one line, whatever its caller named it and its code threw. */
function oneLine(text: string): string {
  return withoutControls(text.split('\n', 1)[0] ?? '')
}

/** Names and texts that come from callers must not command the terminal; what functions print is their own affair. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
}

/** Lines of the same second share the text: making it costs more than the rest. */
function clock(): (time: number) => string {
  let second = Number.NaN
  let text = ''
  return (time) => {
    const now = Math.floor(time / 1000)
    if (now !== second) {
      second = now
      text = wallTime(time)
    }
    return text
  }
}
