/** The file members of `uniCloud` (spec/runtime.md §11). */
import { randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { isStorageKey, keyOfUrl, StorageSigner, storagePath } from '../../../storage-address.ts'
import type { GuestRuntime } from '../../guest-context.ts'
import { notSupported, UniCloudError } from '../error.ts'
import { asUniCloudError } from '../outbox.ts'
import { publicUrl } from '../public-url.ts'
import { fileSource } from './file-content.ts'
import { checkedCloudPath, checkedFileId, checkedFileList, refuseHtml } from './parameters.ts'

export interface UploadFileOptions {
  cloudPath: string
  fileContent: unknown
  /** aliyun: whether `cloudPath` is the path and not just a name. */
  cloudPathAsRealPath?: boolean
}

/** A file as the host knows it. */
export interface FileInfo {
  key: string
  type: string
  size: number
  createdAt: number
  modifiedAt: number
  private: boolean
}

interface FileItem {
  fileID: string
  code?: string
}

/** How long the URL of a private file is good unless the caller says otherwise, in seconds. */
const defaultMaxAge = 3600

export class CloudStorage {
  readonly #runtime: GuestRuntime

  constructor(runtime: GuestRuntime) {
    this.#runtime = runtime
  }

  async uploadFile(options: UploadFileOptions): Promise<{ fileID: string; requestId: string }> {
    const { cloudPath, fileContent, cloudPathAsRealPath = false } = options ?? {}
    const { provider } = this.#runtime.space
    const isPath = provider !== 'aliyun' || cloudPathAsRealPath
    const name = checkedCloudPath(cloudPath, isPath, provider)
    if (provider === 'aliyun') refuseHtml(name)
    const source = await fileSource(this.#runtime, fileContent)
    const key = isPath ? name : `cloudstorage/${randomUUID()}${endingOf(name)}`
    await this.#ask('put', [key, source, { overwrite: true }])
    return { fileID: this.#fileId(key), requestId: this.#requestId() }
  }

  async getTempFileURL(options: {
    fileList: (string | { fileID: string; maxAge?: number })[]
  }): Promise<{ fileList: (FileItem & { tempFileURL: string })[] }> {
    const { provider } = this.#runtime.space
    const ids = checkedFileList(options, provider)
    const files = await this.#infos(ids)
    const missing = provider === 'aliyun' || provider === 'dcloud' ? {} : { code: 'STORAGE_FILE_NONEXIST' }
    const fileList = ids.map((fileID, at) => {
      const file = files[at]
      if (file) return { fileID, tempFileURL: this.#url(file, maxAgeOf(options.fileList[at])) }
      // Where ids are URLs, those of other places are as good as any.
      return { fileID, tempFileURL: 'code' in missing ? '' : fileID, ...missing }
    })
    return { fileList }
  }

  async deleteFile(options: { fileList: string[] }): Promise<{ fileList: FileItem[] }> {
    const { provider } = this.#runtime.space
    const ids = checkedFileList(options, provider)
    const removed = (await this.#ask('remove', [this.#keys(ids)])) as boolean[]
    const tolerant = provider === 'aliyun' || provider === 'dcloud'
    const fileList = ids.map((fileID, at) => ({
      fileID,
      code: removed[at] || tolerant ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST',
    }))
    return { fileList }
  }

  async downloadFile(options: { fileID: string; tempFilePath?: string }): Promise<{ fileContent?: Buffer }> {
    if (this.#runtime.space.provider === 'aliyun') {
      throw notSupported(
        'uniCloud.downloadFile is not available in the cloud functions of aliyun: ' +
          'read the URL, which is the fileID, with uniCloud.httpclient',
      )
    }
    const fileID = checkedFileId(options)
    const [key = ''] = this.#keys([fileID])
    if (key === '') {
      throw new UniCloudError({
        errCode: 'STORAGE_FILE_NONEXIST',
        errMsg: `file ${fileID} is not one of this space`,
      })
    }
    if (options.tempFilePath !== undefined) {
      await this.#ask('copyTo', [key, path.resolve(options.tempFilePath)])
      return {}
    }
    return { fileContent: Buffer.from((await this.#ask('read', [key])) as Uint8Array) }
  }

  async getFileInfo(options: { fileList: string[] }): Promise<{ fileList: object[] }> {
    const { provider } = this.#runtime.space
    if (provider === 'tencent' || provider === 'alipay') {
      throw notSupported(`uniCloud.getFileInfo is not available on ${provider}, only on aliyun`)
    }
    const ids = checkedFileList(options, provider)
    const files = await this.#infos(ids)
    const fileList = ids.flatMap((fileId, at) => {
      const file = files[at]
      if (!file) return []
      const { key, type, size, createdAt, modifiedAt } = file
      const times = { gmtCreate: Math.floor(createdAt / 1000), gmtModified: Math.floor(modifiedAt / 1000) }
      return [{ fileId, ...times, name: path.posix.basename(key), size, type, url: this.#url(file) }]
    })
    return { fileList }
  }

  // internals

  #fileId(key: string): string {
    const { provider, spaceId } = this.#runtime.space
    return provider === 'tencent' || provider === 'alipay'
      ? `cloud://${spaceId}/${key}`
      : publicUrl(this.#runtime) + storagePath(key)
  }

  #url(file: FileInfo, maxAge = defaultMaxAge): string {
    const url = publicUrl(this.#runtime) + storagePath(file.key)
    const { storageSecret } = this.#runtime.space
    if (!file.private || storageSecret === undefined) return url
    const expires = this.#runtime.now() + maxAge * 1000
    return `${url}?${new StorageSigner(storageSecret).readQuery(file.key, expires)}`
  }

  /** Keys of ids; empty for those that are not files of this space. */
  #keys(ids: readonly string[]): string[] {
    return ids.map((id) => {
      const key = /^cloud:\/\/[^/]+\/(.+)$/.exec(id)?.[1] ?? keyOfUrl(id) ?? ''
      return isStorageKey(key) ? key : ''
    })
  }

  async #infos(ids: readonly string[]): Promise<(FileInfo | undefined)[]> {
    return (await this.#ask('info', [this.#keys(ids)])) as (FileInfo | undefined)[]
  }

  async #ask(method: string, args: unknown[]): Promise<unknown> {
    try {
      return await this.#runtime.request('storage', method, args)
    } catch (error) {
      throw asUniCloudError(error)
    }
  }

  #requestId(): string {
    return this.#runtime.currentCall()?.call.requestId ?? randomBytes(16).toString('hex')
  }
}

// internals

function endingOf(name: string): string {
  const ending = path.posix.extname(name)
  return /^\.[A-Za-z0-9]{1,16}$/.test(ending) ? ending.toLowerCase() : ''
}

/** Seconds; tencent's items may carry their own. */
function maxAgeOf(item: unknown): number {
  const { maxAge } = (typeof item === 'object' && item !== null ? item : {}) as { maxAge?: unknown }
  return typeof maxAge === 'number' && maxAge > 0 ? maxAge : defaultMaxAge
}
