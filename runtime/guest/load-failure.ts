/** An error that kept user code from loading, as callers and the log see it (spec/runtime.md §6.2). */
import type { GuestMessage } from '../bridge.ts'
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
  const frame = memberOf(error, 'frame')
  if (typeof frame === 'string' && frame !== '') failure.frame = frame
  return failure
}

// internals

function nameOf(error: unknown): string | undefined {
  const name = memberOf(error, 'name')
  return typeof name === 'string' && name !== 'Error' ? name : undefined
}
