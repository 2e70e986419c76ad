/** The start-up summary: what is served and where, at a glance. */
import path from 'node:path'
import pc from 'picocolors'
import { maskSecrets } from '../../runtime/config/mask-secrets.ts'
import type { DevServer } from '../../runtime/dev-server.ts'
import { version } from '../../runtime/package-info.ts'
import type { FunctionEntry } from '../../runtime/project/manifest.ts'
import { wallDate, wallTime } from './wall-clock.ts'

/** A longer name moves its own line to the right, not everybody's. */
const widestName = 40

/** Prints on stderr; stdout belongs to the `ready` line. */
export function printSummary({ space, timers, listening }: DevServer): void {
  const color = pc.createColors(Boolean(process.stderr.isTTY) && !process.env.NO_COLOR)
  const { manifest, options } = space
  const folder = path.relative(process.cwd(), manifest.root) || path.basename(manifest.root)
  const database = maskSecrets(options.database)
  const redis = maskSecrets(options.redis)
  const nextFire = new Map(timers.list(1).map((status) => [status.trigger.functionName, status.next[0]]))
  const entries = Object.values(manifest.functions).sort((a, b) => a.name.localeCompare(b.name))
  const width = Math.min(Math.max(...entries.map((entry) => entry.name.length), 8), widestName)
  const lines = [
    '',
    `  ${color.bold(`unicloud-local ${version}`)}  ${folder}`,
    `  ${color.dim(`provider ${manifest.provider} · database ${database} · redis ${redis} · data ${relative(options.data)}`)}`,
  ]
  for (const kind of ['cloudobject', 'cloudfunction'] as const) {
    const rows = entries.filter((entry) => entry.kind === kind)
    if (rows.length === 0) continue
    lines.push('', `  ${kind === 'cloudobject' ? 'Cloud objects' : 'Cloud functions'}`)
    for (const entry of rows)
      lines.push(`    ${row(entry, width, nextFire.get(entry.name), listening.url, color)}`)
  }
  if (entries.length === 0)
    lines.push('', '  No cloud functions or objects yet; new ones are picked up as you add them.')
  const token = listening.token ? `#${listening.token}` : ''
  lines.push('', `  ${color.dim('Console')}  ${listening.url}/_unicloud/${token}`)
  if (options.sandbox) lines.push(`  ${color.dim('Payments')} ${listening.url}/_unicloud/sandbox/`)
  if (listening.token)
    lines.push(
      `  ${color.dim('Token')}    ${listening.token}  ${color.dim('(control API, as Authorization: Bearer …)')}`,
    )
  process.stderr.write(`${lines.join('\n')}\n\n`)
}

// internals

type Colors = ReturnType<typeof pc.createColors>

function row(
  entry: FunctionEntry,
  width: number,
  next: Date | undefined,
  url: string,
  color: Colors,
): string {
  const failed = entry.problems.some((problem) => problem.severity === 'error')
  const name = (failed ? color.red : color.bold)(entry.name.padEnd(width))
  const parts = [
    entry.config.path ? `${url}${entry.config.path}` : '',
    next ? color.dim(`next timer ${clockText(next)}`) : '',
    entry.origin === 'project' ? '' : color.dim(entry.origin === 'builtin' ? 'built-in' : entry.origin),
    failed ? color.red('cannot be called, see above') : '',
  ]
  return `${name}  ${parts.filter(Boolean).join('  ')}`.trimEnd()
}

function relative(folder: string): string {
  const shown = path.relative(process.cwd(), folder)
  return shown.startsWith('..') ? folder : shown || '.'
}

/** With the day when it is not today. */
function clockText(date: Date): string {
  const day = wallDate(date.getTime())
  const time = wallTime(date.getTime())
  return day === wallDate(Date.now()) ? time : `${day} ${time}`
}
