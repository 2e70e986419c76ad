/** How the `db` commands talk: results on stdout, remarks and progress on stderr. */
import path from 'node:path'
import pc from 'picocolors'
import type { SeedProblem } from '../../database/seed.ts'
import { formatPlace, type SourcePlace } from '../../errors/errors.ts'

/** `12,345` */
export function number(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 document`, `12,345 documents` */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${number(value)} ${value === 1 ? noun : plural}`
}

/** `31.2 MB` */
export function size(bytes: number): string {
  if (bytes < 1000) return count(bytes, 'byte')
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length)
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`
}

/** Rows in columns, each as wide as it must be; the last is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

/** A line on stdout. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A line on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function warn(text: string): void {
  remark('warning', text)
}

/** A problem on stderr, with the place in the user's file. */
export function remark(severity: 'error' | 'warning' | 'note', text: string, where?: SourcePlace): void {
  const color = pc.createColors(Boolean(process.stderr.isTTY) && !process.env.NO_COLOR)
  const paint = { error: color.red, warning: color.yellow, note: color.dim }[severity]
  const place = where ? ` (${formatPlace({ ...where, file: shownPath(where.file) })})` : ''
  note(`${paint(severity)} ${text}${place}`)
}

/** Prints what is wrong in a project's database files, and counts the errors. */
export function seedReporter(): { report(problem: SeedProblem): void; readonly errors: number } {
  let errors = 0
  return {
    report: ({ severity, message, path: file, line, column }) => {
      if (severity === 'error') errors++
      const place = {
        file,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      }
      remark(severity, message, place)
    },
    get errors() {
      return errors
    },
  }
}

/** A path as the user would write it. */
export function shownPath(file: string): string {
  if (!path.isAbsolute(file)) return file
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.'
}

/** A line on the terminal that tells how far a command is; nothing where nobody watches. */
export class Progress implements Disposable {
  readonly #shown = Boolean(process.stderr.isTTY)
  #last = 0
  #open = false

  show(text: string): void {
    const now = performance.now()
    if (!this.#shown || (this.#open && now - this.#last < EVERY_MS)) return
    this.#last = now
    this.#open = true
    process.stderr.write(`${CLEAR}${text}`)
  }

  /** Takes the line away, so that others can be written. */
  clear(): void {
    if (this.#open) process.stderr.write(CLEAR)
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.clear()
  }
}

// internals

const EVERY_MS = 100
/** To the beginning of the line, and everything in it away. */
const CLEAR = '\r\u001b[2K'
