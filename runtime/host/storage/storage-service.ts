/** File storage behind the bridge: what `uniCloud.uploadFile` and its relatives ask for (spec/runtime.md §11). */
import { copyFile, readFile } from 'node:fs/promises'
import type { HostService } from '../services.ts'
import {
  type FileSource,
  type FileStore,
  type PutOptions,
  type StoredFile,
  storageError,
} from './file-store.ts'

/** What an instance gets to know of a file. */
export type FileInfo = Omit<StoredFile, 'path'>

export class StorageService implements HostService {
  readonly #store: FileStore

  constructor(store: FileStore) {
    this.#store = store
  }

  async handle(method: string, args: unknown[]): Promise<unknown> {
    switch (method) {
      case 'put':
        return asInfo(await this.#store.put(args[0] as string, args[1] as FileSource, args[2] as PutOptions))
      case 'info':
        return Promise.all((args[0] as string[]).map(async (key) => asInfo(await this.#store.info(key))))
      case 'remove':
        return Promise.all((args[0] as string[]).map((key) => this.#store.remove(key)))
      case 'read':
        return readFile((await this.#existing(args[0] as string)).path)
      case 'copyTo':
        return copyFile((await this.#existing(args[0] as string)).path, args[1] as string)
      case 'setPrivate':
        return this.#store.setPrivate(args[0] as string, args[1] as boolean)
      default:
        throw new Error(`the storage service has no method "${method}"`)
    }
  }

  async #existing(key: string): Promise<StoredFile> {
    const file = await this.#store.info(key)
    if (!file) throw storageError('STORAGE_FILE_NONEXIST', `file ${key} does not exist`)
    return file
  }
}

// internals

function asInfo(file: StoredFile): FileInfo
function asInfo(file: StoredFile | undefined): FileInfo | undefined
function asInfo(file: StoredFile | undefined): FileInfo | undefined {
  if (!file) return undefined
  const { path: _, ...info } = file
  return info
}
