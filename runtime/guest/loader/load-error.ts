/** Says where a file cannot be parsed: file, line, column and the lines around it. */
import { createRequire } from 'node:module'
import type { Message } from 'esbuild'
import type * as JsoncParser from 'jsonc-parser'
import { formatPlace, type SourcePlace } from '../../../errors/errors.ts'
import { isConfiguration } from './configuration-file.ts'

/** Members a syntax error carries beside its message; not enumerable, so that logs do not print them twice. */
export interface PlacedError extends Error {
  place?: SourcePlace
  /** Source lines around the place, with a mark under it. */
  frame?: string
}

/** A failure of esbuild as the SyntaxError Node would have thrown, had it known the language. */
export function fromEsbuild(file: string, text: string, error: unknown): unknown {
  const message = (error as { errors?: Message[] }).errors?.[0]
  if (message === undefined) return error
  const fault = new SyntaxError(message.text.startsWith('Top-level await') ? topLevelAwait : message.text)
  const { location } = message
  if (location) addPlace(fault, text, { file, line: location.line, column: characterColumn(location) })
  return fault
}

/**
 * Reads the place out of the stack V8 gives a SyntaxError (`file:line`, the line, a row with `^`), and says it there
 * as of the other languages: with the column, and the lines around.
 */
export function fromScript(file: string, text: string, error: unknown): void {
  if (!(error instanceof SyntaxError) || (error as PlacedError).place !== undefined) return
  const [head = '', ...rest] = (error.stack ?? '').split('\n\n')
  const [first = '', , marks = ''] = head.split('\n')
  const line = first.startsWith(`${file}:`) ? Number(first.slice(file.length + 1)) : Number.NaN
  if (!Number.isInteger(line)) return
  const column = marks.indexOf('^') + 1
  error.stack = rest.join('\n\n')
  addPlace(error, text, column > 0 ? { file, line, column } : { file, line })
}

/** Node's message on broken JSON names the file, but not always the place. */
export function fromJson(file: string, text: string, error: unknown): void {
  if (!(error instanceof SyntaxError) || (error as PlacedError).place !== undefined) return
  const { parse } = createRequire(import.meta.url)('jsonc-parser') as typeof JsoncParser
  const errors: JsoncParser.ParseError[] = []
  parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const offset = errors[0]?.offset ?? (isConfiguration(file) ? 0 : undefined)
  if (offset === undefined) return
  const before = text.slice(0, offset).split('\n')
  addPlace(error, text, { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 })
}

// internals

const topLevelAwait =
  'await outside of a function: cloud functions are CommonJS, which cannot wait while it loads; move it into main or a method'

/** Puts the place in front of the stack, as Node does. */
function addPlace(error: Error, text: string, place: SourcePlace): void {
  if (isConfiguration(place.file)) {
    conceal(error, place)
    return
  }
  const frame = codeFrame(text, place)
  Object.defineProperty(error, 'place', { value: place, configurable: true })
  Object.defineProperty(error, 'frame', { value: frame, configurable: true })
  error.stack = `${formatPlace(place)}\n${frame}\n\n${error.stack ?? String(error)}`
}

/** Messages of parsers quote what they stumbled over, frames show what lies around. */
function conceal(error: Error, place: SourcePlace): void {
  const { file, line, column } = place
  const what = file.endsWith('.json') ? 'not valid JSON' : 'a syntax error'
  const frames = (error.stack ?? '').split('\n').filter((row) => /^ +at /.test(row))
  error.message = `${file}: ${what}, line ${line}${column === undefined ? '' : `, column ${column}`}`
  error.stack = [`SyntaxError: ${error.message}`, ...frames].join('\n')
  Object.defineProperty(error, 'place', { value: place, configurable: true })
}

/** Two lines before, two after; a line of a minified file is cut around the mark. */
export function codeFrame(text: string, place: SourcePlace): string {
  const lines = text.split('\n')
  const line = place.line ?? 1
  const column = place.column
  const cut = Math.max(0, (column ?? 1) - 60)
  const first = Math.max(1, line - 2)
  const last = Math.min(lines.length, line + 2)
  const width = String(last).length
  const rows: string[] = []
  for (let number = first; number <= last; number++) {
    const source = (lines[number - 1] ?? '').replace('\r', '').slice(cut, cut + 100)
    rows.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${source}`.trimEnd())
    if (number !== line || column === undefined) continue
    const indent = source.slice(0, column - 1 - cut).replace(/[^\t]/g, ' ')
    rows.push(`  ${' '.repeat(width)} | ${indent}^`)
  }
  return rows.join('\n')
}

/** esbuild counts bytes from 0. */
function characterColumn(location: { column: number; lineText: string }): number {
  return Buffer.from(location.lineText).subarray(0, location.column).toString().length + 1
}
