/** How a command ends when it cannot do its work: one line what and where, one line how to mend it. */
import pc from 'picocolors'
import { DatabaseError } from '../../database/command.ts'
import { formatPlace, LocalError } from '../../errors/errors.ts'
import { printRemark } from './remark.ts'

/**
 * Prints an error on stderr.
 * @param json as a JSON line
 * @returns the exit code: 2 for what the user can mend, 70 for our own bugs, whose stack is shown
 */
export function printFailure(error: unknown, json = false): number {
  const { err, code } = describe(error)
  const text = error instanceof Error ? error.message : String(error)
  const { where, hint } = error instanceof LocalError ? error : {}
  printRemark({ level: 'error', shown: err, text, where, hint }, json)
  return code
}

// internals

function describe(error: unknown): { err: string; code: number } {
  const color = pc.createColors(Boolean(process.stderr.isTTY) && !process.env.NO_COLOR)
  if (error instanceof LocalError && error.userError) {
    const where = error.where ? ` (${formatPlace(error.where)})` : ''
    const hint = error.hint ? `\n  ${color.dim(error.hint)}` : ''
    return { err: `${color.red('error')} ${error.message}${where}${hint}`, code: 2 }
  }
  // What a database refuses was asked of it: a filter, a name. Its own breakdowns keep their stack.
  if (error instanceof DatabaseError && !breakdowns.has(error.code)) {
    return { err: `${color.red('error')} ${error.message}`, code: 2 }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { err: `${color.red('internal error')} ${text}`, code: 70 }
}

/** InternalError, UnknownError */
const breakdowns: ReadonlySet<number> = new Set([1, 8])
