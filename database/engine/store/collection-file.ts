import { readFileSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import type { Doc } from '../values/types.ts'
import { BsonReader, type NameCache } from './bson-reader.ts'
import { BsonWriter } from './bson-writer.ts'
import { crc32c } from './crc32c.ts'
import { damaged, fileError } from './files.ts'

/**
 * The documents of one collection as of a checkpoint (spec/embedded-database.md §8): each its record number (8 bytes, a
 * double) and its BSON, in record order; then a trailer of mark, count and CRC-32C of everything before it.
 */

/** Documents of a collection in record order. */
export type CollectionEntries = readonly (readonly [record: number, doc: Doc])[]

/**
 * Writes a collection file aside and moves it into place when it is whole and on the disk.
 * @param turn awaited between slices, so that commands get theirs
 * @returns bytes of the documents
 */
export async function writeCollectionFile(
  path: string,
  entries: CollectionEntries,
  turn: () => Promise<void>,
): Promise<number> {
  const aside = `${path}.new`
  let file: FileHandle | undefined
  try {
    file = await open(aside, 'w')
    const bytes = await writeEntries(file, entries, turn)
    await file.datasync()
    await file.close()
    file = undefined
    await rename(aside, path)
    return bytes
  } catch (error) {
    await file?.close().catch(() => {})
    // On a full disk what could not be finished must not take room as well.
    await rm(aside, { force: true }).catch(() => {})
    throw fileError(error, 'writing', aside)
  }
}

/** The documents of a collection file by record number. */
export interface LoadedCollection {
  readonly documents: Map<number, Doc>
  readonly bytes: number
  readonly largest: number
}

/** @throws DatabaseError 96 when the file is missing or not what was written */
export function readCollectionFile(path: string, names: NameCache): LoadedCollection {
  const bytes = readWholeFile(path)
  const loaded = decode(bytes, bytes.length - TRAILER, names)
  const count = bytes.readUInt32LE(bytes.length - TRAILER + 4)
  if (loaded.documents.size !== count)
    throw damaged(path, `it should hold ${count} documents, and holds ${loaded.documents.size}`)
  return loaded
}

/**
 * The bytes of a collection file, known to be those that were written.
 * @throws DatabaseError 96 when they are not, or when there is no such file
 */
export function readWholeFile(path: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw damaged(path, 'it is missing')
    throw fileError(error, 'reading', path)
  }
  const end = bytes.length - TRAILER
  if (end < 0 || bytes.readUInt32LE(end) !== MARK) throw damaged(path, 'it has no proper end')
  if (crc32c(bytes.subarray(0, end + 8)) !== bytes.readUInt32LE(end + 8))
    throw damaged(path, 'its checksum is wrong')
  return bytes
}

// internals

const TRAILER = 12
const MARK = 0x4c_43_4c_55
const SLICE_BYTES = 256 * 1024

async function writeEntries(
  file: FileHandle,
  entries: CollectionEntries,
  turn: () => Promise<void>,
): Promise<number> {
  const writer = new BsonWriter(SLICE_BYTES * 2)
  let sum = 0
  let total = 0
  const flush = async () => {
    total += writer.length
    sum = crc32c(writer.bytes, sum)
    await writeWhole(file, writer.bytes)
    writer.reset()
  }
  for (const [record, doc] of entries) {
    writer.double(record)
    writer.document(doc)
    if (writer.length < SLICE_BYTES) continue
    await flush()
    await turn()
  }
  writer.uint32(MARK)
  writer.uint32(entries.length)
  await flush()
  writer.uint32(sum)
  await writeWhole(file, writer.bytes)
  return total
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten
  }
}

function decode(bytes: Buffer, end: number, names: NameCache): LoadedCollection {
  const documents = new Map<number, Doc>()
  const reader = new BsonReader(bytes, 0, names)
  let total = 0
  let largest = 0
  while (reader.at < end) {
    const record = reader.double()
    const start = reader.at
    documents.set(record, reader.document())
    const size = reader.at - start
    total += size
    if (size > largest) largest = size
  }
  return { documents, bytes: total, largest }
}
