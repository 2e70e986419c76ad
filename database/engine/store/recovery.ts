import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NameCache } from './bson-reader.ts'
import { damaged, fileError, fileNames, isCollectionName, journalName, journalNumber } from './files.ts'
import { commitsBehind, type JournalContents, type JournalRecord, readJournal } from './journal.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { StoredCatalog } from './stored-catalog.ts'

/** What a data folder holds. */
export interface Recovered {
  readonly catalog: StoredCatalog
  /** Number of the journal to go on with. */
  readonly journal: number
  /** Bytes of the journals before it that are still needed. */
  readonly olderBytes: number
}

/**
 * Reads manifest and journals of a data folder and clears away what an interrupted checkpoint has left
 * (spec/embedded-database.md §8). A journal is cut at its first bad record; a gap between commits is refused.
 * @param warn told what was cut off
 * @throws DatabaseError 96 when commits are missing, or files cannot be read
 */
export function recover(directory: string, names: NameCache, warn: (text: string) => void): Recovered {
  const catalog = new StoredCatalog()
  const manifest = readManifest(directory)
  if (manifest) restore(manifest, catalog)
  const first = manifest?.journal ?? 1
  const numbers = tidy(directory, first, manifest)
  let olderBytes = 0
  for (const [index, number] of numbers.entries()) {
    const path = join(directory, journalName(first + index))
    if (number !== first + index) throw damaged(path, 'it is missing, while later ones are there')
    const last = index === numbers.length - 1
    const bytes = replayJournal(path, last, catalog, names, warn)
    if (!last) olderBytes += bytes
  }
  return { catalog, journal: numbers.at(-1) ?? first, olderBytes }
}

// internals

function restore(manifest: Manifest, catalog: StoredCatalog): void {
  catalog.sequence = manifest.sequence
  for (const { entry, file, documents, bytes } of manifest.collections) {
    const kept = file === undefined ? {} : { file: { name: file, documents, bytes } }
    catalog.collections.set(entry.id, { entry, ...kept, pending: [], dirty: false })
  }
  for (const retry of manifest.retries) catalog.retries.set(retry.session, retry)
}

/** Removes what nothing refers to any more, or yet; gives the numbers of the journals that count, in order. */
function tidy(directory: string, first: number, manifest: Manifest | undefined): number[] {
  const used = new Set(manifest?.collections.map(({ file }) => file))
  const numbers: number[] = []
  for (const name of fileNames(directory)) {
    const number = journalNumber(name)
    if (number !== undefined && number >= first) numbers.push(number)
    const past = number !== undefined && number < first
    const unused = isCollectionName(name) && !used.has(name)
    const unfinished = name.endsWith('.bson.new') || name === 'manifest.new'
    if (past || unused || unfinished) rmSync(join(directory, name), { force: true })
  }
  return numbers.sort((a, b) => a - b)
}

/** Follows the commits of one journal; gives its size. */
function replayJournal(
  path: string,
  last: boolean,
  catalog: StoredCatalog,
  names: NameCache,
  warn: (text: string) => void,
): number {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw fileError(error, 'reading', path)
  }
  const contents = readJournal(bytes, names)
  for (const record of contents.records) follow(record, catalog, path)
  if (contents.flaw !== undefined) {
    if (!last) throw damaged(path, `${contents.flaw} at byte ${contents.good}, and a later journal follows`)
    cut(path, bytes, contents, warn)
  }
  return bytes.length
}

function follow(record: JournalRecord, catalog: StoredCatalog, path: string): void {
  if (record.sequence !== catalog.sequence + 1) {
    throw damaged(path, `commit ${catalog.sequence + 1} is missing, commit ${record.sequence} follows`)
  }
  catalog.sequence = record.sequence
  catalog.note(record.catalog, record.retry)
  for (const write of record.writes) {
    const stored = catalog.collections.get(write.collection)
    if (!stored) continue
    stored.pending.push(write)
    stored.dirty = true
  }
}

/** Ends a journal behind its last good record. What is cut off is kept beside it: it may be all there is. */
function cut(path: string, bytes: Buffer, contents: JournalContents, warn: (text: string) => void): void {
  const { good, flaw } = contents
  const kept = `${path}.cut-${good}`
  try {
    writeFileSync(kept, bytes.subarray(good))
    truncateSync(path, good)
  } catch (error) {
    throw fileError(error, 'repairing', path)
  }
  const lost = commitsBehind(bytes, contents)
  warn(
    `The last ${bytes.length - good} bytes of ${path} were cut off: ${flaw}. They are kept in ${kept}. ` +
      (lost === 0
        ? 'This is what remains of a write that a power cut or a full disk has interrupted; everything before it is there.'
        : `The file is damaged there, and ${lost === 1 ? '1 later commit is' : `${lost} later commits are`} lost; ` +
          'everything before it is there. A snapshot or an export may have more ("unicloud-local db snapshot list").'),
  )
}
