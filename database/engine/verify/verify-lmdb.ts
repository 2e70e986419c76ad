import { constants, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CatalogEntry } from '../store/contract.ts'
import { LMDB_FILE } from '../store/files.ts'
import { CatalogRecords } from '../store/lmdb/catalog-records.ts'
import { fillUp, inspectFile, isDamage, lmdbFailure, missingBytes } from '../store/lmdb/data-file.ts'
import { CacheBudget } from '../store/lmdb/document-cache.ts'
import { type Environment, openEnvironment } from '../store/lmdb/environment.ts'
import { type CollectionState, LmdbCollection } from '../store/lmdb/lmdb-collection.ts'
import { Findings } from './finding.ts'
import { verifyCollection } from './verify-collection.ts'
import type { FolderReport, VerifiedCollection } from './verify-folder.ts'

/**
 * Reads everything in a file of lmdb and changes nothing: the catalogue, documents, their number and size, and every
 * index against the documents in both directions. lmdb has no checksums of its own: a byte that was changed inside a
 * text is not noticed.
 * @param inUse another process has it open, and may go on writing
 * @param onCollection told before each collection is read
 * @throws DatabaseError 96 when the file cannot be opened
 */
export async function verifyLmdb(
  directory: string,
  inUse: boolean,
  onCollection: (namespace: string) => void = () => {},
): Promise<FolderReport> {
  const path = join(directory, LMDB_FILE)
  if (inUse || missingBytes(path) === 0) return verifyFile(path, onCollection)
  // After a crash the last pages may never have been written, if nothing is in them. Whether that is so only reading
  // tells, and lmdb must not run out of file meanwhile: a copy is filled up.
  const copy = mkdtempSync(join(tmpdir(), 'unicloud-local-check-'))
  try {
    copyFileSync(path, join(copy, LMDB_FILE), constants.COPYFILE_FICLONE)
    fillUp(join(copy, LMDB_FILE))
    return await verifyFile(join(copy, LMDB_FILE), onCollection)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

// internals

async function verifyFile(path: string, onCollection: (namespace: string) => void): Promise<FolderReport> {
  const findings = new Findings()
  const collections: VerifiedCollection[] = []
  const report = (sequence: number): FolderReport => {
    return { findings: findings.list, collections, commits: 0, sequence, bytes: statSync(path).size }
  }
  const flaw = inspectFile(path)
  if (flaw !== undefined) {
    findings.add('error', flaw, { file: LMDB_FILE })
    return report(0)
  }
  let environment: Environment | undefined
  try {
    environment = openEnvironment(path, { readOnly: true })
    const records = new CatalogRecords(environment)
    for (const entry of records.entries()) {
      onCollection(`${entry.database}.${entry.name}`)
      const verified = verifyOne(environment, entry, records.state(entry.id), findings)
      if (verified) collections.push(verified)
    }
    return report(records.store().sequence)
  } catch (error) {
    if (!isDamage(error)) throw lmdbFailure(error, 'reading', path)
    findings.add('error', (error as Error).message, { file: LMDB_FILE })
    return report(0)
  } finally {
    await environment?.root.close()
  }
}

function verifyOne(
  environment: Environment,
  entry: CatalogEntry,
  state: CollectionState | undefined,
  findings: Findings,
): VerifiedCollection | undefined {
  const collection = `${entry.database}.${entry.name}`
  const { database, name, indexes } = entry
  if (!state || indexes.some((index) => !state.indexes.some((known) => known.name === index.name))) {
    findings.add('error', 'the catalogue does not say where its documents and indexes are', { collection })
    return undefined
  }
  const home = { environment, budget: new CacheBudget(0), current: 0, touch: () => {} }
  const data = new LmdbCollection(home, entry, state)
  try {
    verifyCollection(collection, data, findings)
    let documents = 0
    for (const _ of data.entries()) documents++
    if (documents !== state.size) {
      findings.add('error', `it holds ${documents} documents, the catalogue says ${state.size}`, {
        collection,
      })
    }
    return { database, name, documents, bytes: data.bytes, indexes: indexes.length }
  } catch (error) {
    if (!isDamage(error)) throw error
    findings.add('error', (error as Error).message, { collection })
    return undefined
  }
}
