/** Prints the space's log on stderr while a command runs. */
import type { LogStore } from '../../runtime/host/log-store.ts'
import { humanLines, jsonLines } from './log-line.ts'

export function followLogs(
  logs: LogStore,
  options: { json: boolean; requestLog: 'full' | 'quiet' },
): Disposable {
  const color = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR
  const format = options.json ? jsonLines : humanLines({ color, quiet: options.requestLog === 'quiet' })
  for (const entry of logs.list()) write(format(entry))
  return logs.follow((entry) => write(format(entry)))
}

// internals

function write(line: string | undefined): void {
  if (line !== undefined) process.stderr.write(`${line}\n`)
}
