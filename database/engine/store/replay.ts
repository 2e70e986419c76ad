import { BsonReader, type NameCache } from './bson-reader.ts'
import type { LoadedCollection } from './collection-file.ts'
import type { JournalWrite } from './journal.ts'
import { sizeOf } from './size.ts'

/** What a collection amounts to once the journal has been replayed onto its file. */
export interface ReplayedSizes {
  readonly bytes: number
  readonly largest: number
  readonly nextRecord: number
}

/** Writes the journal's versions over those of the collection file. */
export function replay(
  writes: readonly JournalWrite[],
  loaded: LoadedCollection,
  names: NameCache,
): ReplayedSizes {
  const { documents } = loaded
  let { bytes, largest } = loaded
  let nextRecord = 1
  let reader: BsonReader | undefined
  let read: Buffer | undefined
  for (const { record, source, at, length } of lastVersions(writes)) {
    const before = documents.get(record)
    if (before) bytes -= sizeOf(before)
    // A removed record's number is not given out again: scans of open cursors tell records by it.
    if (record >= nextRecord) nextRecord = record + 1
    if (length === 0) {
      documents.delete(record)
      continue
    }
    // The documents of one commit lie in the same bytes.
    if (!reader || source !== read) reader = new BsonReader(source, 0, names)
    read = source
    reader.at = at
    documents.set(record, reader.document())
    bytes += length
    if (length > largest) largest = length
  }
  for (const record of documents.keys()) if (record >= nextRecord) nextRecord = record + 1
  return { bytes, largest, nextRecord }
}

// internals

/** Only a record's last version matters; its place is that of its first. */
function lastVersions(writes: readonly JournalWrite[]): Iterable<JournalWrite> {
  const last = new Map<number, JournalWrite>()
  for (const write of writes) last.set(write.record, write)
  return last.values()
}
