/**
 * Files of a space on disk. A file lies under the hash of its key, so that no key can leave the folder, clash with
 * another's folder, or be too long for the file system; a small JSON file beside it says what it is.
 */
import { createHash, randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import { isStorageKey } from '../../storage-address.ts'
import { contentTypeOf } from './content-types.ts'

export interface StoredFile {
  key: string
  type: string
  /** Bytes. */
  size: number
  /** Epoch milliseconds of the space's clock. */
  createdAt: number
  modifiedAt: number
  private: boolean
  /** Where the bytes are; changes with each write. */
  path: string
}

/** Where the bytes of a new file come from. */
export type FileSource =
  | { bytes: Uint8Array }
  /** A file on this machine; moved instead of copied when nobody else needs it. */
  | { file: string; move?: boolean }

export interface PutOptions {
  /** False: an existing file is an error. */
  overwrite: boolean
  /** Default: by the ending of the key. */
  type?: string
}

export class FileStore {
  readonly #dir: string
  readonly #clock: Clock
  readonly #privatePrefixes: readonly string[]

  /**
   * @param dir made when the first file comes
   * @param privatePrefixes beginnings of the keys of files that are private whatever their record says
   */
  constructor(dir: string, clock: Clock, privatePrefixes: readonly string[] = []) {
    this.#dir = dir
    this.#clock = clock
    this.#privatePrefixes = privatePrefixes.map((prefix) => prefix.replace(/^\/+/, ''))
  }

  /** A new name for bytes on their way into the store, on the same disk. */
  async incomingFile(): Promise<string> {
    const dir = path.join(this.#dir, 'incoming')
    await mkdir(dir, { recursive: true })
    return path.join(dir, randomBytes(12).toString('hex'))
  }

  /**
   * Readers see the old file or the new one, never a mixture.
   * @throws an error with code STORAGE_FILE_EXISTS or STORAGE_KEY_INVALID
   */
  async put(key: string, source: FileSource, options: PutOptions): Promise<StoredFile> {
    if (!isStorageKey(key)) throw storageError('STORAGE_KEY_INVALID', `"${key}" is not a path of a file`)
    const own = await this.#readRecord(key)
    const before = own && this.#asFile(own)
    if (before && !options.overwrite)
      throw storageError(
        'STORAGE_FILE_EXISTS',
        `${key} exists already (policy_does_not_allow_file_overwrite)`,
      )
    const incoming = await this.#takeIn(source)
    const { size } = await stat(incoming)
    const folder = this.#folderOf(key)
    await mkdir(folder, { recursive: true })
    const name = `${hashOf(key)}-${randomBytes(4).toString('hex')}${safeEnding(key)}`
    await rename(incoming, path.join(folder, name))
    const now = this.#clock.now()
    const record: StoredRecord = {
      key,
      type: options.type ?? contentTypeOf(key),
      size,
      createdAt: before?.createdAt ?? now,
      modifiedAt: now,
      private: own?.private ?? false,
      name,
    }
    await this.#writeRecord(record)
    if (before) await rm(before.path, { force: true })
    return this.#asFile(record)
  }

  async info(key: string): Promise<StoredFile | undefined> {
    const record = await this.#readRecord(key)
    return record && this.#asFile(record)
  }

  /** Whether there was such a file. */
  async remove(key: string): Promise<boolean> {
    const file = await this.info(key)
    if (!file) return false
    await rm(this.#recordPath(key), { force: true })
    await rm(file.path, { force: true })
    return true
  }

  /** Whether there is such a file. */
  async setPrivate(key: string, isPrivate: boolean): Promise<boolean> {
    const record = await this.#readRecord(key)
    if (!record) return false
    await this.#writeRecord({ ...record, private: isPrivate })
    return true
  }

  // internals

  async #takeIn(source: FileSource): Promise<string> {
    const incoming = await this.incomingFile()
    if ('bytes' in source) await writeFile(incoming, source.bytes)
    else if (source.move) await moveFile(source.file, incoming)
    else await copyFile(source.file, incoming)
    return incoming
  }

  #asFile({ name, ...record }: StoredRecord): StoredFile {
    const hidden = this.#privatePrefixes.some((prefix) => record.key.startsWith(prefix))
    const where = path.join(this.#folderOf(record.key), name)
    return { ...record, private: record.private || hidden, path: where }
  }

  async #readRecord(key: string): Promise<StoredRecord | undefined> {
    if (!isStorageKey(key)) return undefined
    try {
      return JSON.parse(await readFile(this.#recordPath(key), 'utf8')) as StoredRecord
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async #writeRecord(record: StoredRecord): Promise<void> {
    const incoming = await this.incomingFile()
    await writeFile(incoming, JSON.stringify(record))
    await rename(incoming, this.#recordPath(record.key))
  }

  #recordPath(key: string): string {
    return path.join(this.#folderOf(key), `${hashOf(key)}.json`)
  }

  #folderOf(key: string): string {
    return path.join(this.#dir, 'files', hashOf(key).slice(0, 2))
  }
}

/** An error that reaches user code with its code. */
export function storageError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, errCode: code, errMsg: message })
}

// internals

interface StoredRecord extends Omit<StoredFile, 'path'> {
  /** File name beside the record. */
  name: string
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40)
}

/** The ending of the key, so that a person can open the file; only where it is harmless in a file name. */
function safeEnding(key: string): string {
  const ending = path.posix.extname(key)
  return /^\.[A-Za-z0-9]{1,8}$/.test(ending) && ending !== '.json' ? ending : ''
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyFile(from, to)
    await rm(from, { force: true })
  }
}
