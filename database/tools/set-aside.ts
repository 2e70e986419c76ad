import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { LOCK } from '../engine/store/files.ts'
import { FolderLock } from '../engine/store/lock.ts'

/**
 * Moves the files of a data folder that cannot be opened into a folder beside it, so that a new database can be begun
 * and nothing is lost that might still be saved by hand.
 * @param now gives the new folder its name
 * @returns the new folder
 * @throws DatabaseError 98 when the data folder is in use
 */
export function setAside(directory: string, now = new Date()): string {
  using _lock = new FolderLock(directory)
  const target = `${directory}.damaged-${now.toISOString().replaceAll(/[:.]/g, '-')}`
  mkdirSync(target)
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(LOCK)) renameSync(join(directory, name), join(target, name))
  }
  return target
}
