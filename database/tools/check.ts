import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseError } from '../command.ts'
import type { Storage } from '../engine/store/contract.ts'
import { copyFolder, holdsDatabase } from '../engine/store/folder-copy.ts'
import { FolderLock } from '../engine/store/lock.ts'
import { storesIn } from '../engine/store/other-store.ts'
import type { Finding } from '../engine/verify/finding.ts'
import { type FolderReport, verifyFolder } from '../engine/verify/verify-folder.ts'
import { countDocuments, type DatabasePlace, listCollections } from './collections.ts'

export interface CheckReport extends FolderReport {
  /** The folder is in use: a copy of the state after its last commit was checked. */
  readonly copied: boolean
}

/**
 * Checks a data folder without changing it; one that is in use, by a consistent copy of it.
 * @param storage how the folder keeps documents
 * @param onCollection told before each collection is read
 * @returns undefined when there is no database in the folder
 * @throws DatabaseError 96 when it cannot be read
 */
export async function checkFolder(
  directory: string,
  storage: Storage,
  onCollection: (namespace: string) => void = () => {},
): Promise<CheckReport | undefined> {
  if (storage === 'lmdb') return checkLmdb(directory, onCollection)
  if (!holdsDatabase(directory)) return undefined
  const lock = lockFolder(directory)
  if (lock !== 'in use') {
    using _held = lock
    return { ...verifyFolder(directory, onCollection), copied: false }
  }
  const copy = await mkdtemp(join(tmpdir(), 'unicloud-local-check-'))
  try {
    await copyFolder(directory, copy)
    return { ...verifyFolder(copy, onCollection), copied: true }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

export interface ValidatedCollection {
  readonly name: string
  readonly documents: number
  readonly findings: readonly Finding[]
}

/**
 * Has a running database check its collections itself, as it holds them now: the command `validate`.
 * @throws DatabaseError
 */
export async function* validateCollections(
  place: DatabasePlace,
): AsyncGenerator<ValidatedCollection, void, void> {
  for (const name of await listCollections(place)) {
    const reply = await place.database.command(place.name, { validate: name })
    const collection = `${place.name}.${name}`
    const findings = [
      ...findingsOf('error', reply.errors, collection),
      ...findingsOf('warning', reply.warnings, collection),
    ]
    if (reply.valid === false && findings.length === 0) {
      findings.push({
        severity: 'error',
        collection,
        message: 'the server finds it invalid and does not say why',
      })
    }
    yield { name, documents: Number(reply.nrecords ?? (await countDocuments(place, name))), findings }
  }
}

// internals

/** lmdb lets others read while it writes: no copy is needed. */
async function checkLmdb(
  directory: string,
  onCollection: (namespace: string) => void,
): Promise<CheckReport | undefined> {
  if (!storesIn(directory).includes('lmdb')) return undefined
  const { verifyLmdb } = await import('../engine/verify/verify-lmdb.ts')
  const lock = lockFolder(directory)
  using _held = lock === 'in use' ? undefined : lock
  return { ...(await verifyLmdb(directory, lock === 'in use', onCollection)), copied: false }
}

/** Undefined where no lock can be written: then nobody else can write either. */
function lockFolder(directory: string): FolderLock | undefined | 'in use' {
  try {
    return new FolderLock(directory)
  } catch (error) {
    return (error as DatabaseError).code === 98 ? 'in use' : undefined
  }
}

function findingsOf(severity: Finding['severity'], messages: unknown, collection: string): Finding[] {
  return ((messages ?? []) as unknown[]).map((message) => ({
    severity,
    collection,
    message: String(message),
  }))
}
