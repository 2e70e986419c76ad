import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalError } from '../../errors/errors.ts'
import type { Storage } from '../engine/store/contract.ts'
import { LMDB_FILE } from '../engine/store/files.ts'
import { copyFolder, holdsDatabase, replaceFolder, settleFolder } from '../engine/store/folder-copy.ts'
import { readManifest } from '../engine/store/manifest.ts'
import { storesIn } from '../engine/store/other-store.ts'

/** A kept copy of a data folder. */
export interface Snapshot {
  name: string
  /** Undefined when nobody wrote it down. */
  created: Date | undefined
  /** How the database it was taken of keeps documents. */
  storage: Storage
  collections: number
  documents: number
  /** Bytes on the disk. */
  bytes: number
  /** Why it cannot be used. */
  problem?: string
}

/** The data folder of an embedded database and the folder its snapshots are kept in. */
export interface SnapshotPlace {
  /** The data folder. */
  directory: string
  /** How it keeps documents. Default `journal`. */
  storage?: Storage
  /** Each snapshot is a folder in it. */
  snapshots: string
}

/**
 * Keeps a copy of the data folder as it is after its last commit; the database may be in use meanwhile. The snapshot is
 * there when it is whole, or not at all.
 * @param options.replace an older snapshot of that name gives way. Default: an error
 * @param options.now time of the snapshot. Default: the machine's
 * @param options.warn gets what had to be left out, a write that was interrupted
 * @throws LocalError USAGE, DatabaseError 96 when the data folder is damaged
 */
export async function saveSnapshot(
  place: SnapshotPlace,
  name: string,
  options: { replace?: boolean; now?: Date; warn?(text: string): void } = {},
): Promise<Snapshot> {
  const { replace = false, now = new Date(), warn = () => {} } = options
  const folder = folderOf(place, name)
  if (existsSync(folder) && !replace) {
    throw new LocalError('USAGE', `there is a snapshot ${name} already`, {
      hint: 'choose another name, or replace it with --replace',
    })
  }
  const { directory, storage = 'journal' } = place
  if (storage === 'lmdb' ? !storesIn(directory).includes(storage) : !holdsDatabase(directory)) {
    throw new LocalError('USAGE', `there is no database in ${directory} yet`, {
      hint: 'it comes with the first start, or with: unicloud-local db init',
    })
  }
  const aside = join(place.snapshots, `.${name}.${randomBytes(4).toString('hex')}.new`)
  try {
    const counts =
      storage === 'lmdb' ? await copyFile(directory, aside) : await copyFiles(directory, aside, warn)
    await writeFile(
      join(aside, ABOUT),
      `${JSON.stringify({ name, created: now.toISOString(), ...counts })}\n`,
    )
    await moveInto(aside, folder)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return describe(place, name)
}

/**
 * Makes the data folder hold what a snapshot holds, at one stroke; the snapshot stays.
 * @throws LocalError USAGE for an unknown name, DatabaseError 98 when the data folder is in use, 96 when the snapshot is
 * damaged; nothing is changed then
 */
export async function restoreSnapshot(place: SnapshotPlace, name: string): Promise<Snapshot> {
  const folder = await known(place, name)
  const { directory, storage = 'journal' } = place
  const saved = storageOf(folder)
  if (saved !== storage) {
    throw new LocalError(
      'USAGE',
      `the snapshot ${name} is of a database with storage '${saved}'; this one has '${storage}'`,
      { hint: `restore it with --storage ${saved}, then carry the data over with db export and db import` },
    )
  }
  if (storage === 'lmdb') await (await dataFiles()).replaceDataFile(directory, folder)
  else await replaceFolder(directory, folder)
  return describe(place, name)
}

/** All snapshots, the oldest first. */
export async function listSnapshots(place: SnapshotPlace): Promise<Snapshot[]> {
  const snapshots = await Promise.all((await names(place)).map((name) => describe(place, name)))
  return snapshots.sort(
    (a, b) => Number(a.created ?? 0) - Number(b.created ?? 0) || (a.name < b.name ? -1 : 1),
  )
}

/** @throws LocalError USAGE for an unknown name */
export async function deleteSnapshot(place: SnapshotPlace, name: string): Promise<void> {
  await rm(await known(place, name), { recursive: true })
}

// internals

const ABOUT = 'snapshot.json'

/** What `snapshot.json` says. */
interface About {
  readonly created: Date | undefined
  /** Of a file of lmdb; the other storage has a manifest that says so. */
  readonly collections: number
  readonly documents: number
}

async function copyFiles(directory: string, target: string, warn: (text: string) => void): Promise<object> {
  await copyFolder(directory, target)
  await settleFolder(target, (text) => warn(text.replaceAll(target, directory)))
  return {}
}

async function copyFile(directory: string, target: string): Promise<object> {
  await mkdir(target, { recursive: true })
  return (await dataFiles()).copyDataFile(directory, target)
}

/** Only those who have a file of lmdb load what knows it. */
function dataFiles() {
  return import('../engine/store/lmdb/file-copy.ts')
}

function storageOf(folder: string): Storage {
  return existsSync(join(folder, LMDB_FILE)) ? 'lmdb' : 'journal'
}

function folderOf({ snapshots }: SnapshotPlace, name: string): string {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,99}$/u.test(name)) {
    throw new LocalError('USAGE', `${JSON.stringify(name)} is no name for a snapshot`, {
      hint: 'letters, digits, "_", "-" and "." are allowed, "-" and "." not at the beginning',
    })
  }
  return join(snapshots, name)
}

async function known(place: SnapshotPlace, name: string): Promise<string> {
  const folder = folderOf(place, name)
  if (existsSync(folder)) return folder
  const others = await names(place)
  throw new LocalError('USAGE', `there is no snapshot ${name}`, {
    hint: others.length === 0 ? 'none was saved yet' : `there are: ${others.join(', ')}`,
  })
}

async function names({ snapshots }: SnapshotPlace): Promise<string[]> {
  if (!existsSync(snapshots)) return []
  const entries = await readdir(snapshots, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

/** An older snapshot of that name is moved away first: a folder cannot be renamed over another. */
async function moveInto(aside: string, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true })
  if (!existsSync(folder)) return await rename(aside, folder)
  const old = `${aside}.old`
  await rename(folder, old)
  await rename(aside, folder)
  await rm(old, { recursive: true, force: true })
}

async function describe(place: SnapshotPlace, name: string): Promise<Snapshot> {
  const folder = join(place.snapshots, name)
  const storage = storageOf(folder)
  const about = await readAbout(folder)
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).then(({ size }) => size)))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  const { counts, problem } = storage === 'lmdb' ? countsOfFile(about) : countsOfFiles(folder)
  const snapshot = { name, created: about?.created, storage, ...counts, bytes }
  return problem === undefined ? snapshot : { ...snapshot, problem }
}

interface Counted {
  readonly counts: { readonly collections: number; readonly documents: number }
  readonly problem?: string
}

const NOTHING = { collections: 0, documents: 0 }

function countsOfFile(about: About | undefined): Counted {
  if (!about) return { counts: NOTHING, problem: `it has no ${ABOUT}` }
  const { collections, documents } = about
  return { counts: { collections, documents } }
}

function countsOfFiles(folder: string): Counted {
  try {
    const manifest = readManifest(folder)
    if (!manifest) return { counts: NOTHING, problem: 'it has no manifest' }
    const { collections } = manifest
    const documents = collections.reduce((sum, collection) => sum + collection.documents, 0)
    return { counts: { collections: collections.length, documents } }
  } catch (error) {
    return { counts: NOTHING, problem: (error as Error).message }
  }
}

async function readAbout(folder: string): Promise<About | undefined> {
  try {
    const {
      created,
      collections = 0,
      documents = 0,
    } = JSON.parse(await readFile(join(folder, ABOUT), 'utf8')) as {
      created: string
      collections?: number
      documents?: number
    }
    const date = new Date(created)
    return { created: Number.isNaN(date.getTime()) ? undefined : date, collections, documents }
  } catch {
    return undefined
  }
}
