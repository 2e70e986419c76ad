/** Storage requests of apps: the client protocol's `serverless.file.resource.*` (spec/client-protocol.md §3.4, §5). */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import type { StorageMethod } from '../../gateway/client-protocol/services.ts'
import {
  isStorageKey,
  keyOfUrl,
  type StorageSigner,
  storagePath,
  type UploadPolicy,
  uploadPath,
} from '../../storage-address.ts'
import { type FileStore, storageError } from './file-store.ts'

export interface ClientStorageOptions {
  store: FileStore
  signer: StorageSigner
  clock: Clock
  /** Where this server is reached, unless the client says otherwise; asked each time. */
  publicUrl(): string
}

/** How long an upload may take to begin, and a URL of a private file is good, in milliseconds. */
const lifeMs = 3600_000

export class ClientStorage {
  readonly #options: ClientStorageOptions

  constructor(options: ClientStorageOptions) {
    this.#options = options
  }

  /**
   * @param base where the client reaches this server, without a trailing slash
   * @throws an error with a code, as the client shows it
   */
  async answer(
    method: StorageMethod,
    params: Record<string, unknown>,
    base: string = this.#options.publicUrl(),
  ): Promise<unknown> {
    const urls = async (ids: string[]) => Promise.all(ids.map((fileID) => this.#tempUrl(fileID, base)))
    switch (method) {
      case 'generateProximalSign':
        return 'cloudPath' in params ? this.#form(params, base) : this.#aliyunForm(params, base)
      case 'report':
        // The file is there when its upload has been answered.
        return {}
      case 'getTempFileURL':
        return { fileList: await urls(listOf(params.fileList)) }
      case 'delete':
        return { fileList: await Promise.all(listOf(params.fileList).map((fileID) => this.#delete(fileID))) }
      case 'info':
        return (await urls(String(params.id ?? '').split(','))).map(({ tempFileURL }) => ({
          url: tempFileURL,
        }))
    }
  }

  // internals

  /** dcloud: `cloudPath` is the path. */
  #form({ cloudPath }: Record<string, unknown>, base: string): object {
    const key = checkedKey(cloudPath)
    return {
      url: base + storagePath(uploadPath),
      name: 'file',
      formData: { token: this.#token({ key, overwrite: true }), key },
      fileUrl: base + storagePath(key),
    }
  }

  /** aliyun: without `fileId` the name only tells the ending; with it, an existing file stays (spec/runtime.md §11). */
  #aliyunForm({ filename, fileId }: Record<string, unknown>, base: string): object {
    const ending = path.posix.extname(String(filename ?? ''))
    const key = checkedKey(fileId === undefined ? `cloudstorage/${randomUUID()}${ending}` : fileId)
    if (/\.html?$/i.test(key)) throw storageError('ParamInvalid', 'Unsupported file type.')
    // The client puts the scheme in front and the path behind.
    const place = (base + storagePath('')).replace(/^https?:\/\//, '').replace(/\/$/, '')
    return {
      id: randomUUID(),
      host: `${place}/${uploadPath}`,
      cdnDomain: place,
      ossPath: key,
      accessKeyId: 'local',
      policy: this.#token({ key, overwrite: false }),
      signature: 'local',
    }
  }

  async #tempUrl(fileID: string, base: string): Promise<{ fileID: string; tempFileURL: string }> {
    const { store, signer, clock } = this.#options
    const key = keyOfId(fileID)
    const file = key === undefined ? undefined : await store.info(key)
    // What is not here is the client's own business, as it is in the cloud.
    if (!file) return { fileID, tempFileURL: fileID }
    const url = base + storagePath(file.key)
    const query = file.private ? `?${signer.readQuery(file.key, clock.now() + lifeMs)}` : ''
    return { fileID, tempFileURL: url + query }
  }

  async #delete(fileID: string): Promise<{ fileID: string; code: string }> {
    const key = keyOfId(fileID)
    const removed = key !== undefined && (await this.#options.store.remove(key))
    return { fileID, code: removed ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST' }
  }

  #token(policy: Pick<UploadPolicy, 'key' | 'overwrite'>): string {
    const { signer, clock } = this.#options
    return signer.uploadToken({ ...policy, expires: clock.now() + lifeMs })
  }
}

// internals

function checkedKey(given: unknown): string {
  const key = typeof given === 'string' ? given.trim().replace(/^\/+/, '') : ''
  if (!isStorageKey(key) || key.startsWith('~')) throw storageError('INVALID_PARAM', 'cloudPath不合法')
  return key
}

function keyOfId(fileID: string): string | undefined {
  return keyOfUrl(fileID) ?? /^cloud:\/\/[^/]+\/(.+)$/.exec(fileID)?.[1]
}

function listOf(fileList: unknown): string[] {
  if (!Array.isArray(fileList) || !fileList.every((fileID) => typeof fileID === 'string')) {
    throw storageError('INVALID_PARAM', 'fileList的元素必须是非空的字符串')
  }
  return fileList
}
