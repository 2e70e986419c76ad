/** How a command ends when it cannot do its work: one line what and where, one line how to mend it. */
import pc from 'picocolors'
import { formatPlace, LocalError } from '../../errors/errors.ts'

/**
 * Prints an error on stderr.
 * @returns the exit code: 2 for what the user can mend, 70 for our own bugs, whose stack is shown
 */
export function printFailure(error: unknown): number {
  const { err, code } = describe(error)
  process.stderr.write(`${err}\n`)
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
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { err: `${color.red('internal error')} ${text}`, code: 70 }
}
