/** `unicloud-local triggers`: what fires when. */
import path from 'node:path'
import pc from 'picocolors'
import { LocalError } from '../errors/errors.ts'
import { builtinRoots } from '../runtime/package-info.ts'
import { readProject } from '../runtime/project/read.ts'
import { parseCron } from '../triggers/cron.ts'
import { printProblems } from './print/problems.ts'
import { type Flags, spaceOptions } from './space-options.ts'

interface Row {
  function: string
  trigger: string
  config: string
  file: string
  next: string[]
  error?: string
  warnings: string[]
}

/** Reads the project only: no instance is started. */
export async function triggers(flags: Flags): Promise<void> {
  const options = await spaceOptions(flags)
  const count = countOf(flags.next)
  const manifest = await readProject({ ...options, builtinRoots })
  const now = new Date()
  const rows: Row[] = Object.values(manifest.functions).flatMap((entry) =>
    entry.config.triggers.map(({ name, config }) => {
      const row = { function: entry.name, trigger: name, config, file: path.join(entry.dir, 'package.json') }
      try {
        const cron = parseCron(config, manifest.provider)
        const next = cron.upcoming(now, count).map((date) => date.toISOString())
        return { ...row, next, warnings: cron.warnings.map((warning) => warning.message) }
      } catch (error) {
        return { ...row, next: [], warnings: [], error: (error as Error).message }
      }
    }),
  )
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
    return
  }
  printProblems(manifest)
  print(rows)
}

// internals

function countOf(value: unknown): number {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return count
  throw new LocalError(
    'USAGE',
    `--next is ${JSON.stringify(value)}: a whole number from 1 to 1000 is allowed`,
  )
}

function print(rows: Row[]): void {
  const color = pc.createColors(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR)
  if (rows.length === 0) {
    process.stdout.write('no timer triggers; package.json declares them in cloudfunction-config.triggers\n')
    return
  }
  for (const row of rows) {
    process.stdout.write(`${color.bold(row.function)}  ${row.trigger}  ${color.cyan(row.config)}\n`)
    if (row.error) process.stdout.write(`  ${color.red(row.error)} (${row.file})\n`)
    for (const warning of row.warnings) process.stdout.write(`  ${color.yellow(warning)}\n`)
    for (const iso of row.next) process.stdout.write(`  ${beijing(iso)}  ${color.dim(iso)}\n`)
    if (!row.error && row.next.length === 0) process.stdout.write('  never again\n')
  }
}

/** Cron is UTC+8 (spec/triggers.md §3); show that wall clock beside the instant. */
function beijing(iso: string): string {
  const shifted = new Date(new Date(iso).getTime() + 8 * 3_600_000).toISOString()
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 19)} +08:00`
}
