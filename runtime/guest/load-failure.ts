/** An error that kept user code from loading, as callers and the log see it (spec/runtime.md §6.2). */
import { readFileSync } from 'node:fs'
import type { GuestMessage } from '../bridge.ts'
import { isConfiguration } from './loader/configuration-file.ts'
import { codeFrame } from './loader/load-error.ts'
import { memberOf, messageOf } from './response.ts'
import { describeThrown } from './stack.ts'

type LoadFailure = (GuestMessage & { t: 'load-failed' })['failure']

/** `<code>:<message>`, as aliyun reports it; errors without a code are named by their class. */
export function loadFailure(error: unknown): LoadFailure {
  const code = memberOf(error, 'code') ?? nameOf(error)
  // Node adds the require stack on further lines: it names folders of this machine, callers need not know them.
  const message = messageOf(error).split('\n')[0] ?? ''
  const failure: LoadFailure = {
    errCode: 'FunctionBizError',
    errMsg: code === undefined ? message : `${code}:${message}`,
    stack: describeThrown(error),
  }
  const frame = error instanceof SyntaxError ? undefined : frameOf(failure.stack)
  if (frame !== undefined) failure.stack += `\n\n${frame}`
  return failure
}

// internals

/** The source around the first frame of the user's own; a syntax error brings its own along. */
function frameOf(stack = ''): string | undefined {
  const found = /\n +at (?:.*\()?(?:file:\/\/)?(\/[^\n]*?|[A-Z]:\\[^\n]*?):(\d+):(\d+)\)?(?=\n|$)/.exec(stack)
  const [, file = '', line = '', column = ''] = found ?? []
  if (file === '' || isConfiguration(file)) return undefined
  try {
    return codeFrame(readFileSync(file, 'utf8'), { file, line: Number(line), column: Number(column) })
  } catch {
    // Code that was made at run time has no file.
    return undefined
  }
}

function nameOf(error: unknown): string | undefined {
  const name = memberOf(error, 'name')
  return typeof name === 'string' && name !== 'Error' ? name : undefined
}
