import { closeSync, constants, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseError } from '../../../command.ts'
import { damaged, fileError, LMDB_FILE, syncFolder } from '../files.ts'
import { FolderLock } from '../lock.ts'
import { CatalogRecords } from './catalog-records.ts'
import { fillUp, inspectFile, lmdbFailure, missingBytes } from './data-file.ts'
import { type Environment, openEnvironment } from './environment.ts'

/** What a data file holds, by its own account. */
export interface FileCounts {
  readonly collections: number
  readonly documents: number
}

/**
 * Copies the data file of a folder as it is after its last commit, also while its owner goes on writing: lmdb reads a
 * snapshot of its own. The copy has no unused pages.
 * @param target an empty folder
 * @throws DatabaseError 96 when the file is damaged
 * @throws LocalError PACKAGE_MISSING
 */
export async function copyDataFile(directory: string, target: string): Promise<FileCounts> {
  const path = join(directory, LMDB_FILE)
  const copy = join(target, LMDB_FILE)
  const flaw = inspectFile(path)
  if (flaw !== undefined) throw damaged(path, flaw)
  {
    using lock = lockIfFree(directory)
    // As at every opening after a crash; an owner has done it.
    if (lock) fillUp(path)
    await using source = open(path, { readOnly: true })
    try {
      await source.environment.root.backup(copy, true)
    } catch (error) {
      throw lmdbFailure(error, 'copying', path)
    }
  }
  const counts = await settle(copy)
  flush(copy)
  syncFolder(target)
  return counts
}

/**
 * Makes a folder hold a copy of {@link copyDataFile}, by one rename: whatever happens in between, it holds the one file
 * or the other.
 * @throws DatabaseError 98 when the folder is in use, 96 when the copy is damaged or the folder cannot be written
 * @throws LocalError PACKAGE_MISSING
 */
export async function replaceDataFile(directory: string, source: string): Promise<void> {
  const copy = join(source, LMDB_FILE)
  await mkdir(directory, { recursive: true })
  using _lock = new FolderLock(directory)
  const path = join(directory, LMDB_FILE)
  const aside = `${path}.new`
  try {
    await copyFile(copy, aside, constants.COPYFILE_FICLONE)
    const flaw = inspectFile(aside) ?? (missingBytes(aside) > 0 ? 'its end is missing' : undefined)
    if (flaw !== undefined) throw damaged(copy, flaw)
    await using opened = open(aside, { readOnly: true })
    countsOf(opened.environment)
  } catch (error) {
    remove(aside)
    throw (error as { code?: unknown }).code === 96 ? error : fileError(error, 'copying', copy)
  }
  flush(aside)
  // Nobody has the folder: what it says of readers is of the past.
  rmSync(`${path}-lock`, { force: true })
  renameSync(aside, path)
  remove(aside)
  syncFolder(directory)
}

// internals

interface OpenFile extends AsyncDisposable {
  readonly environment: Environment
}

function open(path: string, options: { readOnly?: boolean }): OpenFile {
  try {
    const environment = openEnvironment(path, options)
    return { environment, [Symbol.asyncDispose]: () => environment.root.close() }
  } catch (error) {
    throw lmdbFailure(error, 'opening', path)
  }
}

/** Undefined when somebody has the folder, or no lock can be written there. */
function lockIfFree(directory: string): FolderLock | undefined {
  try {
    return new FolderLock(directory)
  } catch (error) {
    if ((error as Partial<DatabaseError>).code === IN_USE) return undefined
    throw error
  }
}

const IN_USE = 98

/** Replies to writes of another time must not answer those of the time it is restored in. */
async function settle(path: string): Promise<FileCounts> {
  await using file = open(path, {})
  const { environment } = file
  const records = new CatalogRecords(environment)
  const retries = records.retries()
  if (retries.length > 0) {
    await environment.root.transaction(() => {
      for (const { session } of retries) records.removeRetry(session)
    })
  }
  return countsOf(environment)
}

function countsOf(environment: Environment): FileCounts {
  const records = new CatalogRecords(environment)
  const entries = records.entries()
  const documents = entries.reduce((sum, { id }) => sum + (records.state(id)?.size ?? 0), 0)
  return { collections: entries.length, documents }
}

/** Brings a file that is closed to the disk, and takes its locks away. */
function flush(path: string): void {
  rmSync(`${path}-lock`, { force: true })
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } catch (error) {
    throw fileError(error, 'flushing', path)
  } finally {
    closeSync(file)
  }
}

function remove(path: string): void {
  for (const name of [path, `${path}-lock`]) if (existsSync(name)) rmSync(name, { force: true })
}
