import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { BsonReader, type NameCache } from './bson-reader.ts'
import { BsonWriter } from './bson-writer.ts'
import type { Batch, CatalogChange, RetryRecord } from './contract.ts'
import { crc32c } from './crc32c.ts'
import { fileError, writeAll } from './files.ts'

/**
 * One journal file (spec/embedded-database.md §8): commits, one record each, appended and never changed.
 *
 * Record: length of the body (4 bytes), CRC-32C of length, number and body (4), number of the commit (8, a double), body.
 * Body: a document with time, catalogue changes and the reply of a retryable write; then each document written, as
 * collection (4), record (8, a double) and its BSON, or four zero bytes for a removal.
 */
export class JournalFile {
  readonly path: string
  readonly #file: number
  readonly #writer = new BsonWriter()
  #size: number
  /** Set when the file could not be brought back to the end of its last good record. */
  #broken: Error | undefined

  /** Opens a journal for appending; it is made when it is not there. */
  constructor(path: string) {
    this.path = path
    try {
      this.#file = openSync(path, 'a+')
      this.#size = fstatSync(this.#file).size
    } catch (error) {
      throw fileError(error, 'opening', path)
    }
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size
  }

  /**
   * Appends one commit; it has reached the system, if not the disk, when this returns.
   * @throws DatabaseError 14031 for a full disk, 96 for other failures; the file is then as it was before
   */
  append(sequence: number, batch: Batch): void {
    if (this.#broken) throw this.#broken
    const bytes = encodeRecord(this.#writer, sequence, batch)
    try {
      writeAll(this.#file, bytes, this.#size)
    } catch (error) {
      this.#takeBack()
      throw fileError(error, 'writing', this.path)
    }
    this.#size += bytes.length
  }

  /** Brings what was appended to the disk, off the thread. */
  async sync(): Promise<void> {
    try {
      await promisify(fdatasync)(this.#file)
    } catch (error) {
      // After a failed flush nobody knows what the disk holds: going on would be a promise nobody can keep.
      this.#broken = fileError(error, 'flushing', this.path)
      throw this.#broken
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  // internals

  /** A half-written record would end recovery for everything after it. */
  #takeBack(): void {
    try {
      ftruncateSync(this.#file, this.#size)
    } catch (error) {
      this.#broken = fileError(error, 'taking back a half-written record of', this.path)
    }
  }
}

/** A document a journal record writes; it is decoded when somebody needs it. */
export interface JournalWrite {
  readonly collection: number
  readonly record: number
  /** The bytes its BSON is in. A buffer of its own for each of a hundred thousand would cost more than all the rest. */
  readonly source: Buffer
  readonly at: number
  /** Bytes of the BSON; 0 for a removal. */
  readonly length: number
}

/** A record as it was read back. */
export interface JournalRecord {
  readonly sequence: number
  readonly time: number
  readonly catalog: readonly CatalogChange[]
  readonly retry: RetryRecord | undefined
  readonly writes: readonly JournalWrite[]
}

/** What a journal file holds. */
export interface JournalContents {
  readonly records: readonly JournalRecord[]
  /** Bytes up to the end of the last good record. */
  readonly good: number
  /** What is wrong with the bytes behind it; undefined when there are none. */
  readonly flaw: string | undefined
}

/** Reads records until the length or the checksum of one is wrong. */
export function readJournal(bytes: Buffer, names: NameCache): JournalContents {
  const records: JournalRecord[] = []
  let at = 0
  while (at < bytes.length) {
    const next = readRecord(bytes, at, names)
    if (typeof next === 'string') return { records, good: at, flaw: next }
    records.push(next.record)
    at = next.end
  }
  return { records, good: at, flaw: undefined }
}

/**
 * Whole commits behind a bad record: none are left by a write that was interrupted, so that any of them are a sign of
 * damage. The length in front of a damaged record may be wrong as well, so the next whole one is looked for.
 */
export function commitsBehind(bytes: Buffer, { good, records }: JournalContents): number {
  const last = records.at(-1)?.sequence ?? 0
  let found = 0
  let at = good + 1
  while (at + HEADER <= bytes.length) {
    const sequence = bytes.readDoubleLE(at + 8)
    const end = at + HEADER + bytes.readUInt32LE(at)
    // The checksum is worth its time only where the rest looks like a record.
    const likely = Number.isInteger(sequence) && sequence > last && end > at + HEADER && end <= bytes.length
    const whole = likely && bytes.readUInt32LE(at + 4) === checksum(bytes.subarray(at, end))
    if (whole) found++
    at = whole ? end : at + 1
  }
  return found
}

// internals

const HEADER = 16

function encodeRecord(writer: BsonWriter, sequence: number, batch: Batch): Buffer {
  writer.reset()
  writer.uint32(0)
  writer.uint32(0)
  writer.double(sequence)
  writer.document({
    t: new Date(batch.time),
    ...(batch.catalog.length > 0 ? { k: batch.catalog.map(stored) } : {}),
    ...(batch.retry ? { w: batch.retry } : {}),
  })
  for (const { collection, record, after } of batch.writes) {
    writer.uint32(collection)
    writer.double(record)
    if (after) writer.document(after)
    else writer.uint32(0)
  }
  writer.patchUint32(0, writer.length - HEADER)
  const { bytes } = writer
  writer.patchUint32(4, checksum(bytes))
  return bytes
}

function stored(change: CatalogChange): CatalogChange {
  return 'put' in change ? { put: change.put } : change
}

/** The sum of everything in the record but itself. */
function checksum(record: Uint8Array): number {
  return crc32c(record.subarray(8), crc32c(record.subarray(0, 4)))
}

function readRecord(
  bytes: Buffer,
  at: number,
  names: NameCache,
): { record: JournalRecord; end: number } | string {
  if (at + HEADER > bytes.length) return 'the record is cut off'
  const end = at + HEADER + bytes.readUInt32LE(at)
  if (end > bytes.length) return 'the record is cut off'
  const whole = bytes.subarray(at, end)
  if (whole.readUInt32LE(4) !== checksum(whole)) return 'the checksum is wrong'
  return { record: decodeRecord(whole, names), end }
}

function decodeRecord(whole: Buffer, names: NameCache): JournalRecord {
  const reader = new BsonReader(whole, HEADER, names)
  const head = reader.document() as { t: Date; k?: CatalogChange[]; w?: RetryRecord }
  const writes: JournalWrite[] = []
  while (reader.at < whole.length) {
    const collection = reader.uint32()
    const record = reader.double()
    const { at } = reader
    const removed = whole.readUInt32LE(at) === 0
    if (removed) reader.at += 4
    writes.push({ collection, record, source: whole, at, length: removed ? 0 : reader.skipDocument() })
  }
  return {
    sequence: whole.readDoubleLE(8),
    time: head.t.getTime(),
    catalog: head.k ?? [],
    retry: head.w,
    writes,
  }
}
