import { closeSync, fsyncSync, openSync, readdirSync, writeSync } from 'node:fs'
import { databaseError } from '../errors.ts'

/** Names and errors of the files in a data folder (spec/embedded-database.md §8). */

export const MANIFEST = 'manifest'
export const LOCK = 'lock'
/** The other store's file; beside it stands one for locks, which holds nothing. */
export const LMDB_FILE = 'documents.lmdb'

export function journalName(number: number): string {
  return `journal-${number}`
}

/** The number of a journal's name, or undefined for other names. */
export function journalNumber(name: string): number | undefined {
  const match = /^journal-(\d+)$/.exec(name)
  return match ? Number(match[1]) : undefined
}

export function collectionName(id: number, journal: number): string {
  return `c${id}-${journal}.bson`
}

export function isCollectionName(name: string): boolean {
  return /^c\d+-\d+\.bson$/.test(name)
}

/** Names of the files in a data folder. */
export function fileNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    throw fileError(error, 'reading', directory)
  }
}

/** Writes all of the bytes: one `write` may take fewer. */
export function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done)
  }
}

/** Makes renames and new files in a folder last. Not every system can; then there is nothing to do. */
export function syncFolder(directory: string): void {
  let folder: number | undefined
  try {
    folder = openSync(directory, 'r')
    fsyncSync(folder)
  } catch {
    // Windows opens no folders.
  } finally {
    if (folder !== undefined) closeSync(folder)
  }
}

/** What a failed file operation means to the user. */
export function fileError(error: unknown, doing: string, path: string): Error {
  const { code, message } = error as { code?: string; message?: string }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return databaseError(
        14031,
        `No space left on the disk while ${doing} ${path}. Nothing of this command was kept; free some space and try again.`,
        { cause: error },
      )
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return databaseError(
        96,
        `The database folder cannot be written (${code} while ${doing} ${path}). Make it writable for this user, or choose another data folder with --data.`,
        { cause: error },
      )
    default:
      return databaseError(96, `${capital(doing)} ${path} failed: ${message ?? String(error)}`, {
        cause: error,
      })
  }
}

/** A file whose contents cannot be right. */
export function damaged(path: string, what: string): Error {
  return databaseError(
    96,
    `The database file ${path} is damaged: ${what}. The file was left as it is. Restore it from a copy, go back to a snapshot (\`unicloud-local db snapshot list\`), or run \`unicloud-local db reset\` to start with an empty database.`,
  )
}

// internals

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
