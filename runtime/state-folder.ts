/** The state folder of a space, where it may turn out that nothing can be written. */
import { mkdirSync } from 'node:fs'
import { LocalError } from '../errors/errors.ts'

/** @throws LocalError DATA_UNUSABLE */
export function makeStateFolder(data: string): void {
  writingState(data, () => mkdirSync(data, { recursive: true }))
}

/**
 * Runs what writes below the state folder.
 * @throws LocalError DATA_UNUSABLE when the folder does not let it
 */
export function writingState(data: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new LocalError('DATA_UNUSABLE', `the state folder cannot be written: ${whyNot(code)}`, {
      where: { file: data },
      hint: 'make it writable for this user, or choose another one with --data DIR',
      cause: error,
    })
  }
}

// internals

function whyNot(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `permission denied (${code})`
    case 'EROFS':
      return `the file system is read-only (${code})`
    case 'EEXIST':
    case 'ENOTDIR':
      return `there is a file in its place (${code})`
    case 'ENOSPC':
      return `no space left (${code})`
    default:
      return code
  }
}
