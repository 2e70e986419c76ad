import { constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { copyFile, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseError } from '../errors.ts'
import { readWholeFile } from './collection-file.ts'
import {
  collectionName,
  damaged,
  fileError,
  isCollectionName,
  journalName,
  journalNumber,
  MANIFEST,
  syncFolder,
} from './files.ts'
import { JournalStore } from './journal-store.ts'
import { FolderLock } from './lock.ts'
import { type Manifest, type ManifestCollection, readManifest, writeManifest } from './manifest.ts'

/** True when a folder holds a database, be it an empty one. */
export function holdsDatabase(directory: string): boolean {
  return existsSync(join(directory, MANIFEST)) || journals(directory, 0).length > 0
}

/**
 * Copies the files of a data folder, also while its owner goes on writing: the copy is the state after one of its
 * commits. Collection files never change, journals only grow; should a checkpoint replace the manifest meanwhile, the
 * copy starts over.
 * @param target a new or empty folder
 * @throws DatabaseError 96
 */
export async function copyFolder(directory: string, target: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await rm(target, { recursive: true, force: true })
    await mkdir(target, { recursive: true })
    if (await copyOnce(directory, target)) return
  }
  throw databaseError(
    96,
    `${directory} changed too often while it was copied. Try again when less is written to the database.`,
  )
}

/**
 * Turns a copy into files that need no recovery: what its journals hold goes into the collection files.
 * @param warn gets what recovery had to cut off
 * @throws DatabaseError 96 when the copy is damaged
 */
export async function settleFolder(directory: string, warn: (text: string) => void): Promise<Manifest> {
  const pending = journals(directory, 0).some(
    (number) => statSync(join(directory, journalName(number))).size > 0,
  )
  const store = new JournalStore({ directory, durability: 'os', warn })
  try {
    if (pending || !existsSync(join(directory, MANIFEST))) await store.checkpoint()
  } finally {
    await store.close()
  }
  const manifest = readManifest(directory)!
  const kept = new Set<string>([MANIFEST])
  for (const { file } of manifest.collections) if (file !== undefined) kept.add(file)
  for (const name of readdirSync(directory)) {
    if (!kept.has(name)) await rm(join(directory, name), { recursive: true, force: true })
  }
  return manifest
}

/**
 * Makes a data folder hold what a settled copy holds. The copy's files are laid beside the present ones, and one rename
 * of the manifest makes them count: whatever happens in between, the folder holds the one or the other.
 * @throws DatabaseError 98 when the folder is in use, 96 when the copy is damaged or the folder cannot be written
 */
export async function replaceFolder(directory: string, copy: string): Promise<Manifest> {
  const manifest = readManifest(copy)
  if (!manifest) throw damaged(join(copy, MANIFEST), 'it is missing')
  using _lock = new FolderLock(directory)
  const number = freeNumber(directory)
  const collections: ManifestCollection[] = []
  for (const collection of manifest.collections) {
    const { entry, file } = collection
    if (file === undefined) {
      collections.push(collection)
      continue
    }
    const name = collectionName(entry.id, number)
    await writeNew(join(directory, name), readWholeFile(join(copy, file)))
    collections.push({ ...collection, file: name })
  }
  // Replies to writes of another time must not answer those of this one.
  const replaced: Manifest = { ...manifest, journal: number, collections, retries: [] }
  await writeManifest(directory, replaced)
  await removeOthers(directory, replaced)
  return replaced
}

// internals

/** Checkpoints come at most every few megabytes: a copy that fails this often has no chance. */
const ROUNDS = 20

/** False when a checkpoint has come in between. */
async function copyOnce(directory: string, target: string): Promise<boolean> {
  const before = manifestBytes(directory)
  const manifest = readManifest(directory)
  const files = (manifest?.collections ?? []).flatMap(({ file }) => (file === undefined ? [] : [file]))
  // Oldest first: only the last of the list may still grow.
  const names = [...files, ...journals(directory, manifest?.journal ?? 0).map(journalName)]
  if (before) names.push(MANIFEST)
  for (const name of names) {
    try {
      await copyFile(join(directory, name), join(target, name), constants.COPYFILE_FICLONE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !same(before, manifestBytes(directory)))
        return false
      throw fileError(error, 'copying', join(directory, name))
    }
  }
  return same(before, manifestBytes(directory))
}

function manifestBytes(directory: string): Buffer | undefined {
  const path = join(directory, MANIFEST)
  try {
    return existsSync(path) ? readFileSync(path) : undefined
  } catch (error) {
    throw fileError(error, 'reading', path)
  }
}

function same(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one && other ? one.equals(other) : one === other
}

function journals(directory: string, from: number): number[] {
  return fileNames(directory)
    .map(journalNumber)
    .filter((number) => number !== undefined && number >= from)
    .sort((a, b) => a! - b!) as number[]
}

function fileNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(error, 'reading', directory)
  }
}

/** A number that no file of the folder has, above all of them. */
function freeNumber(directory: string): number {
  let number = 0
  for (const name of fileNames(directory)) {
    const own = journalNumber(name) ?? (isCollectionName(name) ? Number(/-(\d+)\.bson$/.exec(name)?.[1]) : 0)
    number = Math.max(number, own)
  }
  return Math.max(number, journalOf(directory)) + 1
}

/** A damaged manifest is one more reason to replace it. */
function journalOf(directory: string): number {
  try {
    return readManifest(directory)?.journal ?? 0
  } catch {
    return 0
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await open(path, 'w')
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(error, 'writing', path)
  }
}

async function removeOthers(directory: string, { journal, collections }: Manifest): Promise<void> {
  const used = new Set(collections.map(({ file }) => file))
  for (const name of fileNames(directory)) {
    const number = journalNumber(name)
    const old = (number !== undefined && number < journal) || (isCollectionName(name) && !used.has(name))
    if (old) await rm(join(directory, name), { force: true })
  }
  syncFolder(directory)
}
