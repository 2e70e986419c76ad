/** Prints the space's log on stderr while a command runs. */
import type { LogStore } from '../../runtime/host/log-store.ts'
import { LineBatch } from './line-batch.ts'
import { humanLines, jsonLines } from './log-line.ts'

/** Until disposed; lines of one turn are written together. */
export function followLogs(
  logs: LogStore,
  options: { json: boolean; requestLog: 'full' | 'quiet' },
): Disposable {
  const color = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR
  const format = options.json ? jsonLines : humanLines({ color, quiet: options.requestLog === 'quiet' })
  const lines = new LineBatch((text) => process.stderr.write(text))
  for (const entry of logs.list()) lines.add(format(entry))
  const following = logs.follow((entry) => lines.add(format(entry)))
  return {
    [Symbol.dispose]: () => {
      following[Symbol.dispose]()
      lines[Symbol.dispose]()
    },
  }
}
