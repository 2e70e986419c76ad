/** What stands against keeping keys and state, said so that it can be mended (shared design, decision 10). */
import { formatPlace, LocalError } from '../../errors/errors.ts'

/**
 * @param what cannot be done: `the sandbox cannot read its orders`
 * @param place file or folder
 */
export function unusable(what: string, place: string, cause: unknown): LocalError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const hint =
    hints[code] ??
    'delete it, or put a good copy in its place (--data DIR chooses another folder for everything)'
  return new LocalError('DATA_UNUSABLE', `${what}: ${message}`, { where: { file: place }, hint, cause })
}

/** What, where and how to mend it, in one line. */
export function wholeStory(error: Error): string {
  if (!(error instanceof LocalError)) return error.message
  const { message, where, hint } = error
  const place = where && !message.includes(where.file) ? ` (${formatPlace(where)})` : ''
  return `${message}${place}${hint === undefined ? '' : `; ${hint}`}`
}

// internals

const permission =
  'make it readable and writable for the user who runs this (another user or a container made it?)'
const place = 'something else is in its place: move that away'

const hints: Record<string, string> = {
  EACCES: permission,
  EPERM: permission,
  EROFS: 'the disk is read-only: choose another folder with --data DIR',
  ENOSPC: 'free disk space',
  EDQUOT: 'free disk space',
  ENOTDIR: place,
  EISDIR: place,
  EEXIST: place,
}
