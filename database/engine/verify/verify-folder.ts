import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describeIndex, ID_INDEX, parseIndexDefinition } from '../index/definition.ts'
import { NameCache } from '../store/bson-reader.ts'
import { readCollectionFile, readWholeFile } from '../store/collection-file.ts'
import type { CatalogEntry } from '../store/contract.ts'
import { fileError, isCollectionName, journalName, journalNumber, LOCK, MANIFEST } from '../store/files.ts'
import { commitsBehind, type JournalContents, readJournal } from '../store/journal.ts'
import { type Manifest, readManifest } from '../store/manifest.ts'
import { MemoryCollection } from '../store/memory-collection.ts'
import { replay } from '../store/replay.ts'
import { StoredCatalog, type StoredCollection } from '../store/stored-catalog.ts'
import { type Finding, Findings } from './finding.ts'
import { verifyCollection } from './verify-collection.ts'

/** What a data folder holds, and what is wrong with it. */
export interface FolderReport {
  readonly findings: readonly Finding[]
  readonly collections: readonly VerifiedCollection[]
  /** Commits since the last checkpoint. */
  readonly commits: number
  /** Number of the last commit. */
  readonly sequence: number
  /** Bytes of all files of the database. */
  readonly bytes: number
}

export interface VerifiedCollection {
  readonly database: string
  readonly name: string
  readonly documents: number
  /** BSON bytes of the documents. */
  readonly bytes: number
  readonly indexes: number
}

/**
 * Reads everything in a data folder and changes nothing: checksums of manifest, collection files and journals, commits
 * in sequence, catalogue, documents, and every index against the documents in both directions. Nobody may write to the
 * folder meanwhile. One collection is in memory at a time.
 * @param onCollection told before each collection is read
 * @throws DatabaseError 96 when the folder cannot be read at all
 */
export function verifyFolder(
  directory: string,
  onCollection: (namespace: string) => void = () => {},
): FolderReport {
  return new FolderCheck(directory).run(onCollection)
}

// internals

class FolderCheck {
  readonly #directory: string
  readonly #files: readonly string[]
  readonly #names = new NameCache()
  readonly #catalog = new StoredCatalog()
  readonly #findings = new Findings()
  readonly #collections: VerifiedCollection[] = []
  #commits = 0
  #bytes = 0

  constructor(directory: string) {
    this.#directory = directory
    try {
      this.#files = readdirSync(directory)
    } catch (error) {
      throw fileError(error, 'reading', directory)
    }
  }

  run(onCollection: (namespace: string) => void): FolderReport {
    const manifest = this.#manifest()
    if (manifest !== 'damaged') {
      this.#journals(manifest?.journal ?? 1)
      this.#entries()
      for (const stored of this.#catalog.collections.values()) {
        onCollection(namespaceOf(stored.entry))
        this.#collection(stored)
      }
    }
    this.#otherFiles(manifest)
    return {
      findings: this.#findings.list,
      collections: this.#collections,
      commits: this.#commits,
      sequence: this.#catalog.sequence,
      bytes: this.#bytes,
    }
  }

  #manifest(): Manifest | 'damaged' | undefined {
    try {
      const manifest = readManifest(this.#directory)
      if (!manifest) return undefined
      this.#catalog.sequence = manifest.sequence
      for (const { entry, file, documents, bytes } of manifest.collections) {
        const kept = file === undefined ? {} : { file: { name: file, documents, bytes } }
        this.#catalog.collections.set(entry.id, { entry, ...kept, pending: [], dirty: false })
      }
      return manifest
    } catch (error) {
      this.#fault(error, MANIFEST)
      return 'damaged'
    }
  }

  #journals(first: number): void {
    const numbers = this.#files.map(journalNumber).filter((number) => number !== undefined && number >= first)
    const last = Math.max(...(numbers as number[]), first)
    for (let number = first; number <= last; number++) {
      const file = journalName(number)
      if (numbers.includes(number)) this.#journal(file, number === last)
      else if (numbers.length > 0)
        this.#findings.add('error', 'it is missing, while later ones are there', { file })
    }
  }

  #journal(file: string, last: boolean): void {
    let contents: JournalContents
    let bytes: Buffer
    try {
      bytes = readFileSync(join(this.#directory, file))
      contents = readJournal(bytes, this.#names)
    } catch (error) {
      this.#fault(error, file)
      return
    }
    for (const record of contents.records) {
      if (record.sequence !== this.#catalog.sequence + 1) {
        const gap = `commit ${this.#catalog.sequence + 1} is missing, commit ${record.sequence} follows`
        this.#findings.add('error', gap, { file })
      }
      this.#commits++
      this.#catalog.sequence = record.sequence
      this.#catalog.note(record.catalog, record.retry)
      for (const write of record.writes) this.#catalog.collections.get(write.collection)?.pending.push(write)
    }
    if (contents.flaw === undefined) return
    const rest = `${contents.flaw} at byte ${contents.good}; ${bytes.length - contents.good} bytes are left`
    const behind = commitsBehind(bytes, contents)
    if (!last) this.#findings.add('error', `${rest}, and a later journal follows`, { file })
    else if (behind > 0) {
      const lost = `${behind === 1 ? '1 later commit' : `${behind} later commits`} among them`
      this.#findings.add('error', `${rest}, ${lost}: the next start cuts them off`, { file })
    } else
      this.#findings.add('warning', `${rest}: a write that was interrupted, cut off at the next start`, {
        file,
      })
  }

  /** What the catalogue says, without looking at documents. */
  #entries(): void {
    const seen = new Map<string, number>()
    for (const [id, { entry }] of this.#catalog.collections) {
      const collection = namespaceOf(entry)
      const other = seen.get(collection)
      if (other !== undefined)
        this.#findings.add('error', `the catalogue has it twice, as ${other} and ${id}`, { collection })
      seen.set(collection, id)
      this.#findings.addAll(entryFaults(entry), { collection })
    }
  }

  #collection({ entry, file, pending }: StoredCollection): void {
    const collection = namespaceOf(entry)
    try {
      const loaded = file
        ? readCollectionFile(join(this.#directory, file.name), this.#names)
        : { documents: new Map(), bytes: 0, largest: 0 }
      if (file && loaded.documents.size !== file.documents) {
        const counts = `it holds ${loaded.documents.size} documents, the manifest says ${file.documents}`
        this.#findings.add('error', counts, { file: file.name, collection })
      }
      const sizes = replay(pending, loaded, this.#names)
      const data = new MemoryCollection(entry.indexes)
      data.load(loaded.documents, sizes.bytes, sizes.largest)
      data.nextRecord = sizes.nextRecord
      verifyCollection(collection, data, this.#findings)
      const { database, name, indexes } = entry
      this.#collections.push({
        database,
        name,
        documents: data.size,
        bytes: data.bytes,
        indexes: indexes.length,
      })
    } catch (error) {
      this.#fault(error, file?.name, collection)
    }
  }

  /** Files that no checkpoint refers to; of a damaged manifest's, at least the checksums. */
  #otherFiles(manifest: Manifest | 'damaged' | undefined): void {
    // Also those of collections that were dropped since: they go with the next checkpoint.
    const used = new Set(manifest === 'damaged' ? [] : manifest?.collections.map(({ file }) => file))
    for (const file of this.#files) {
      this.#bytes += this.#sizeOf(file)
      if (manifest === 'damaged') {
        if (isCollectionName(file)) this.#wholeFile(file)
        continue
      }
      const number = journalNumber(file)
      const left = number !== undefined && number < (manifest?.journal ?? 1)
      if (left || (isCollectionName(file) && !used.has(file)) || /\.new$/.test(file)) {
        this.#findings.add('note', 'left by an interrupted checkpoint; removed at the next start', { file })
      } else if (/^journal-\d+\.cut-\d+$/.test(file)) {
        this.#findings.add(
          'note',
          'cut off at an earlier start and kept; delete it when nothing is missing',
          { file },
        )
      }
    }
  }

  #wholeFile(file: string): void {
    try {
      readWholeFile(join(this.#directory, file))
    } catch (error) {
      this.#fault(error, file)
    }
  }

  #sizeOf(file: string): number {
    if (file.startsWith(LOCK)) return 0
    return statSync(join(this.#directory, file), { throwIfNoEntry: false })?.size ?? 0
  }

  #fault(error: unknown, file?: string, collection?: string): void {
    const place = {
      ...(file === undefined ? {} : { file }),
      ...(collection === undefined ? {} : { collection }),
    }
    this.#findings.add('error', plain((error as Error).message), place)
  }
}

/** The engine's own words about a damaged file, without the name of the file and the advice that follow in a message. */
function plain(message: string): string {
  const reason = /^The database file .* is damaged: (.*?)\. The file was left as it is\./s.exec(message)?.[1]
  return reason ?? message
}

function namespaceOf({ database, name }: CatalogEntry): string {
  return `${database}.${name}`
}

function* entryFaults({ indexes, id, uuid }: CatalogEntry): Generator<string, void, void> {
  if (!Number.isSafeInteger(id) || id < 1) yield `its number in the catalogue is ${id}`
  if (!/^[0-9a-f]{32}$/.test(uuid)) yield `its UUID is ${uuid}`
  if (indexes[0]?.name !== ID_INDEX.name) yield 'it has no index on _id'
  const names = new Set<string>()
  for (const index of indexes) {
    if (names.has(index.name)) yield `it has two indexes of the name ${index.name}`
    names.add(index.name)
    try {
      if (index.name !== ID_INDEX.name) parseIndexDefinition(describeIndex(index))
    } catch (error) {
      yield `index ${index.name} is not defined as an index may be: ${(error as Error).message}`
    }
  }
}
