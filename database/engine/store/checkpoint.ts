import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { CollectionData } from './collection-data.ts'
import { type CollectionEntries, writeCollectionFile } from './collection-file.ts'
import type { CatalogEntry, RetryRecord } from './contract.ts'
import { collectionName, fileNames, isCollectionName, journalNumber } from './files.ts'
import { type ManifestCollection, writeManifest } from './manifest.ts'
import type { StoredCatalog, StoredCollection, StoredFile } from './stored-catalog.ts'

/**
 * One checkpoint (spec/embedded-database.md §8): the state at the moment it is made, however long the writing takes.
 * Documents are immutable, so holding references to them is enough.
 */
export class Checkpoint {
  readonly #directory: string
  readonly #journal: number
  readonly #sequence: number
  readonly #retries: readonly RetryRecord[]
  readonly #plan: readonly PlannedCollection[]

  /**
   * @param journal number of the journal that goes on from this state
   * @param load gives the documents of a collection that nobody has used yet
   */
  constructor(
    directory: string,
    journal: number,
    catalog: StoredCatalog,
    load: (entry: CatalogEntry) => CollectionData,
  ) {
    this.#directory = directory
    this.#journal = journal
    this.#sequence = catalog.sequence
    this.#retries = [...catalog.retries.values()]
    this.#plan = [...catalog.collections.values()].map((stored) => plan(stored, load))
  }

  /** Writes collection files aside and into place, then the manifest that names them. */
  async write(): Promise<void> {
    try {
      const collections: ManifestCollection[] = []
      for (const planned of this.#plan) collections.push(await this.#writeCollection(planned))
      await writeManifest(this.#directory, {
        version: 1,
        sequence: this.#sequence,
        journal: this.#journal,
        collections,
        retries: this.#retries,
      })
    } catch (error) {
      // The old manifest and the journals since are all there: nothing is lost but the shortcut.
      for (const { stored, entries } of this.#plan) if (entries) stored.dirty = true
      throw error
    }
  }

  /** Removes the files that are superfluous once the manifest is in place. */
  removeOld(catalog: StoredCatalog): void {
    const used = new Set([...catalog.collections.values()].map(({ file }) => file?.name))
    for (const name of fileNames(this.#directory)) {
      const number = journalNumber(name)
      const past = number !== undefined && number < this.#journal
      if (past || (isCollectionName(name) && !used.has(name)))
        rmSync(join(this.#directory, name), { force: true })
    }
  }

  // internals

  async #writeCollection({ stored, entry, file, entries }: PlannedCollection): Promise<ManifestCollection> {
    const kept = entries ? await this.#writeFile(entry.id, entries) : file
    if (entries) stored.file = kept
    return {
      entry,
      ...(kept ? { file: kept.name } : {}),
      documents: kept?.documents ?? 0,
      bytes: kept?.bytes ?? 0,
    }
  }

  async #writeFile(id: number, entries: CollectionEntries): Promise<StoredFile | undefined> {
    if (entries.length === 0) return undefined
    const name = collectionName(id, this.#journal)
    const bytes = await writeCollectionFile(join(this.#directory, name), entries, turn)
    return { name, documents: entries.length, bytes }
  }
}

// internals

interface PlannedCollection {
  readonly stored: StoredCollection
  readonly entry: CatalogEntry
  /** The file it has already. */
  readonly file: StoredFile | undefined
  /** What to write; undefined when the present file still holds. */
  readonly entries: CollectionEntries | undefined
}

function plan(stored: StoredCollection, load: (entry: CatalogEntry) => CollectionData): PlannedCollection {
  const { entry, file, dirty } = stored
  if (!dirty) return { stored, entry, file, entries: undefined }
  const data = stored.data ?? load(entry)
  stored.dirty = false
  return { stored, entry, file, entries: [...data.entries()] }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
