/** `uniCloud.getExtStorageManager`: qiniu's storage, kept beside the space's own files (spec/runtime.md §11). */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import {
  extStoragePrefix,
  keyOfUrl,
  StorageSigner,
  storagePath,
  uploadPath,
} from '../../../storage-address.ts'
import type { GuestRuntime } from '../../guest-context.ts'
import { invalidParam, UniCloudError } from '../error.ts'
import { asUniCloudError, useService } from '../outbox.ts'
import { publicUrl } from '../public-url.ts'
import { fileSource } from './file-content.ts'
import { checkedCloudPath } from './parameters.ts'

export interface ExtStorageOptions {
  provider: string
  domain?: string
  bucketName?: string
  bucketSecret?: string
}

interface ExtFile {
  cloudPath: string
  fileID: string
  fileURL: string
}

/** How long an upload form is good, in milliseconds. */
const uploadLifeMs = 3600_000

const idPrefix = 'qiniu://'

/** What the CDN would tell; nothing is delivered here. */
const cdnMethods = ['getDomains', 'getCdnTop', 'getCdnFlow', 'updateCdnCert'] as const

export class ExtStorageManager {
  readonly #runtime: GuestRuntime
  readonly #domain: string
  /** Present as members, see `cdnMethods`. */
  declare readonly getDomains: (options?: unknown) => Promise<unknown>
  declare readonly getCdnTop: (options?: unknown) => Promise<unknown>
  declare readonly getCdnFlow: (options?: unknown) => Promise<unknown>
  declare readonly updateCdnCert: (options?: unknown) => Promise<unknown>

  /** @throws UniCloudError for a provider other than qiniu */
  constructor(runtime: GuestRuntime, options: ExtStorageOptions) {
    if (options?.provider !== 'qiniu') {
      throw invalidParam(`getExtStorageManager: provider must be "qiniu", not "${options?.provider}"`)
    }
    this.#runtime = runtime
    this.#domain = (options.domain ?? '').replace(/^https?:\/\//i, '').replace(/\/.*$/, '')
    for (const method of cdnMethods) {
      const use = async (query?: unknown) =>
        useService(runtime, {
          service: 'getExtStorageManager',
          method,
          args: [query ?? {}],
          answer: { errCode: 0, errMsg: 'ok', data: [] },
        })
      Object.defineProperty(this, method, { value: use, enumerable: true })
    }
  }

  /** Synchronous, as the original: the form's token is signed here, with the space's secret. */
  getUploadFileOptions(options: { cloudPath?: string; allowUpdate?: boolean; fsizeLimit?: number } = {}) {
    const file = this.#newFile(options.cloudPath)
    const expires = this.#runtime.now() + uploadLifeMs
    const policy = {
      key: extStoragePrefix + file.cloudPath,
      expires,
      overwrite: options.allowUpdate === true,
      ...(options.fsizeLimit === undefined ? {} : { maxBytes: options.fsizeLimit }),
    }
    return {
      ...file,
      uploadFileOptions: {
        url: `${publicUrl(this.#runtime)}${storagePath(uploadPath)}`,
        name: 'file',
        formData: { token: this.#signer().uploadToken(policy), key: file.cloudPath },
      },
    }
  }

  async uploadFile(options: {
    fileContent: unknown
    cloudPath?: string
    allowUpdate?: boolean
  }): Promise<ExtFile> {
    const file = this.#newFile(options?.cloudPath)
    const source = await fileSource(this.#runtime, options?.fileContent)
    await this.#ask('put', [
      extStoragePrefix + file.cloudPath,
      source,
      { overwrite: options.allowUpdate === true },
    ])
    return file
  }

  /** Synchronous, as the original; the URL also opens private files. @param options `expiresIn` in seconds */
  getTempFileURL(options: { fileList: string[]; expiresIn?: number }) {
    const expires = this.#runtime.now() + (options?.expiresIn ?? 3600) * 1000
    const fileList = listOf(options?.fileList).map((given) => {
      const { cloudPath, fileID, fileURL } = this.#file(this.#pathOf(given))
      const query = this.#signer().readQuery(extStoragePrefix + cloudPath, expires)
      return { tempFileURL: `${fileURL}?${query}`, fileID, cloudPath }
    })
    return { fileList }
  }

  async downloadFile(options: { fileID: string }): Promise<{ fileContent: Buffer }> {
    const key = extStoragePrefix + this.#pathOf(options?.fileID)
    return { fileContent: Buffer.from((await this.#ask('read', [key])) as Uint8Array) }
  }

  async deleteFile(options: { fileList: string[] }) {
    const paths = listOf(options?.fileList).map((given) => this.#pathOf(given))
    const removed = (await this.#ask('remove', [paths.map((name) => extStoragePrefix + name)])) as boolean[]
    const fileList = paths.map((name, at) => ({
      fileID: idPrefix + name,
      code: removed[at] ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST',
    }))
    return { errCode: 0, errMsg: 'ok', fileList }
  }

  async updateFileStatus(options: { fileID: string; isPrivate: boolean }) {
    const name = this.#pathOf(options?.fileID)
    if (!(await this.#ask('setPrivate', [extStoragePrefix + name, options.isPrivate === true]))) {
      throw new UniCloudError({
        errCode: 'STORAGE_FILE_NONEXIST',
        errMsg: `file ${idPrefix}${name} does not exist`,
      })
    }
    return { errCode: 0, errMsg: 'ok' }
  }

  /** Nothing is cached here. */
  async refreshCdnCache(options: { fileList: string[] }) {
    for (const given of listOf(options?.fileList)) this.#pathOf(given)
    return { errCode: 0, errMsg: 'ok' }
  }

  // internals

  #newFile(cloudPath: unknown): ExtFile {
    return this.#file(cloudPath === undefined ? randomUUID().replaceAll('-', '') : this.#checked(cloudPath))
  }

  #checked(cloudPath: unknown): string {
    return checkedCloudPath(cloudPath, true, 'aliyun')
  }

  #file(cloudPath: string): ExtFile {
    const fileURL = publicUrl(this.#runtime) + storagePath(extStoragePrefix + cloudPath)
    return { cloudPath, fileID: idPrefix + cloudPath, fileURL }
  }

  /** An id, a bare path, or a URL (of this server, or of the configured domain) -> path. */
  #pathOf(given: unknown): string {
    if (typeof given !== 'string' || given === '') throw invalidParam('fileID不合法')
    if (given.startsWith(idPrefix)) return this.#checked(given.slice(idPrefix.length))
    const key = keyOfUrl(given)
    if (key?.startsWith(extStoragePrefix)) return key.slice(extStoragePrefix.length)
    const [, host, rest = ''] = /^https?:\/\/([^/?#]*)\/([^?#]*)/i.exec(given) ?? []
    if (host === undefined) return this.#checked(given)
    if (host.toLowerCase() !== this.#domain.toLowerCase()) throw invalidParam('fileID不合法')
    return this.#checked(path.posix.normalize(decodeURIComponent(rest)))
  }

  #signer(): StorageSigner {
    return new StorageSigner(this.#runtime.space.storageSecret ?? '')
  }

  async #ask(method: string, args: unknown[]): Promise<unknown> {
    try {
      return await this.#runtime.request('storage', method, args)
    } catch (error) {
      throw asUniCloudError(error)
    }
  }
}

// internals

function listOf(fileList: unknown): unknown[] {
  if (!Array.isArray(fileList) || fileList.length === 0) throw invalidParam('fileList必须是非空的数组')
  return fileList
}
