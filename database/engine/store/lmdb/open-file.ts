import { dirname } from 'node:path'
import type { CatalogEntry, Durability, RetryRecord } from '../contract.ts'
import { damaged } from '../files.ts'
import { leftByOtherStore } from '../other-store.ts'
import { CatalogRecords, type StoreRecord } from './catalog-records.ts'
import { fillUp, inspectFile, isDamage, lmdbFailure, moveAside } from './data-file.ts'
import { type Environment, openEnvironment } from './environment.ts'

/** An open file, and what it says of itself. */
export interface Opened {
  readonly environment: Environment
  readonly records: CatalogRecords
  readonly store: StoreRecord
  readonly catalog: readonly CatalogEntry[]
  readonly retries: readonly RetryRecord[]
}

/**
 * Opens the data file; one that cannot be read is moved aside, and a new one is begun.
 * @throws DatabaseError 96 when it cannot be opened or written, or a later version has written it
 * @throws LocalError PACKAGE_MISSING
 */
export function openFile(
  path: string,
  { durability, warn }: { durability: Durability; warn: (text: string) => void },
): Opened {
  const left = leftByOtherStore(dirname(path), 'lmdb')
  if (left !== undefined) warn(left)
  const safe = durability !== 'none'
  const opened = tryFile(path, safe)
  if (typeof opened !== 'string') return opened
  const aside = moveAside(path)
  warn(
    `The database file ${path} is damaged: ${opened}. It was moved to ${aside}, and an empty database was begun. ` +
      'Put a copy from before in its place, or import an export.',
  )
  return readFile(path, safe)
}

// internals

/** Gives what is wrong when the file is damaged. */
function tryFile(path: string, safe: boolean): Opened | string {
  const flaw = inspectFile(path)
  if (flaw !== undefined) return flaw
  try {
    fillUp(path)
    return readFile(path, safe)
  } catch (error) {
    if (isDamage(error)) return (error as Error).message
    throw lmdbFailure(error, 'opening', path)
  }
}

function readFile(path: string, safe: boolean): Opened {
  const environment = openEnvironment(path, { safe })
  try {
    const records = new CatalogRecords(environment)
    const store = records.store()
    if (store.version !== 1) {
      throw damaged(path, `it has format ${String(store.version)}, which this version does not know`)
    }
    return { environment, records, store, catalog: records.entries(), retries: records.retries() }
  } catch (error) {
    void environment.root.close()
    throw error
  }
}
