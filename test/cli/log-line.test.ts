import { describe, expect, test } from 'vitest'
import { humanLines } from '../../cli/print/log-line.ts'
import type { LogEntry } from '../../runtime/host/log-store.ts'

const line = humanLines({ color: false, quiet: false })
const entry: LogEntry = { seq: 1, time: 0, level: 'error', channel: 'system', text: 'x' }
const call = { source: 'client', target: 'f', durationMs: 1, ok: false, errCode: 'E', errMsg: 'no' }
const after = (text: string | undefined) => text?.replace(/^\S+ +/, '')

describe('a call is one line, and commands no terminal', () => {
  const cases: [name: string, call: NonNullable<LogEntry['call']>, shown: RegExp][] = [
    [
      'a message of several lines',
      { ...call, errMsg: 'no\nRequire stack:\n- /a' },
      /^client {3}f +1\.0 ms E no$/,
    ],
    [
      'a name with a line of its own',
      { ...call, target: 'f\nready http://evil' },
      /^client {3}f +1\.0 ms E no$/,
    ],
    ['a name with escapes', { ...call, target: 'f\u001b[2J' }, /^client {3}f\ufffd\[2J +1\.0 ms E no$/],
    ['a code with escapes', { ...call, errCode: '\u001b]0;x\u0007' }, /1\.0 ms \ufffd\]0;x\ufffd no$/],
  ]
  test.each(cases)('%s', (_name, given, shown) => {
    expect(after(line({ ...entry, channel: 'call', call: given }))).toMatch(shown)
  })
})

test('remarks keep their lines and lose what commands the terminal; what functions print stays as it is', () => {
  const text = 'a\u001b[31m\n\tb'
  expect(after(line({ ...entry, text }))).toBe('a\ufffd[31m\n    \tb')
  expect(after(line({ ...entry, channel: 'console', text }))).toBe('a\u001b[31m\n    \tb')
})
