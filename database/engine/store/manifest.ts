import { existsSync, readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Doc } from '../values/types.ts'
import { BsonReader } from './bson-reader.ts'
import { BsonWriter } from './bson-writer.ts'
import type { CatalogEntry, RetryRecord } from './contract.ts'
import { crc32c } from './crc32c.ts'
import { damaged, fileError, MANIFEST, syncFolder } from './files.ts'

/** What a checkpoint leaves: which files hold the data, and where the journal goes on (spec/embedded-database.md §8). */
export interface Manifest {
  readonly version: 1
  /** Number of the last commit that the collection files contain. */
  readonly sequence: number
  /** The first journal needed. */
  readonly journal: number
  readonly collections: readonly ManifestCollection[]
  readonly retries: readonly RetryRecord[]
}

export interface ManifestCollection {
  readonly entry: CatalogEntry
  /** File name; none for a collection without documents. */
  readonly file?: string
  readonly documents: number
  readonly bytes: number
}

/**
 * Reads the manifest of a folder; undefined when there has been no checkpoint yet.
 * @throws DatabaseError 96 when it is damaged, or written by a later version
 */
export function readManifest(directory: string): Manifest | undefined {
  const path = join(directory, MANIFEST)
  if (!existsSync(path)) return undefined
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw fileError(error, 'reading', path)
  }
  if (bytes.length < 9 || bytes.readUInt32LE(0) !== crc32c(bytes.subarray(4)))
    throw damaged(path, 'its checksum is wrong')
  const manifest = new BsonReader(bytes, 4).document() as unknown as Manifest
  if (manifest.version !== 1)
    throw damaged(path, `it has format ${String(manifest.version)}, which this version does not know`)
  return manifest
}

/** Writes the manifest aside and moves it into place. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const path = join(directory, MANIFEST)
  const writer = new BsonWriter()
  writer.uint32(0)
  writer.document(manifest as unknown as Doc)
  writer.patchUint32(0, crc32c(writer.bytes.subarray(4)))
  try {
    const file = await open(`${path}.new`, 'w')
    try {
      await file.writeFile(writer.bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    // The files it names must be found under their names after a power cut, and only then the manifest itself.
    syncFolder(directory)
    await rename(`${path}.new`, path)
    syncFolder(directory)
  } catch (error) {
    await rm(`${path}.new`, { force: true }).catch(() => {})
    throw fileError(error, 'writing', path)
  }
}
