/**
 * Keys of stored files, their URLs and their signatures; shared by the host, which serves them, and by instances,
 * which must make some of them without asking (spec/runtime.md §11).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Files of the extension storage (qiniu) live beside those of the space, under this prefix of their key. */
export const extStoragePrefix = '~qiniu/'

/** Where forms with files are posted to, below the storage prefix. */
export const uploadPath = '~upload'

const storagePrefix = '/_unicloud/storage/'
const maxKeyBytes = 1024

/** What a signed upload form may do. */
export interface UploadPolicy {
  key: string
  /** Epoch milliseconds of the space's clock. */
  expires: number
  overwrite: boolean
  maxBytes?: number
}

/** Whether a path names a file that can be stored and asked for by URL. */
export function isStorageKey(key: string): boolean {
  return (
    key !== '' &&
    !key.startsWith('/') &&
    Buffer.byteLength(key) <= maxKeyBytes &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    !/[\u0000-\u001f\u007f\\]/.test(key) &&
    !key.split('/').some((part) => part === '.' || part === '..')
  )
}

/** The path of a file's URL. */
export function storagePath(key: string): string {
  return storagePrefix + encodePath(key)
}

/** Percent-encoded path below the storage prefix -> key; undefined when it names none. */
export function keyOfEncodedPath(encoded: string): string | undefined {
  try {
    const key = decodeURIComponent(encoded)
    return isStorageKey(key) ? key : undefined
  } catch {
    return undefined
  }
}

/** The key of a file by its URL, whatever host and port it had when it was made. */
export function keyOfUrl(url: string): string | undefined {
  const path = /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1]
  return path?.startsWith(storagePrefix) ? keyOfEncodedPath(path.slice(storagePrefix.length)) : undefined
}

/** Signs with the space's secret. */
export class StorageSigner {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /** Query of a URL that also opens a private file. @param expires epoch milliseconds */
  readQuery(key: string, expires: number): string {
    return `e=${expires}&sign=${this.#sign(`read\n${key}\n${expires}`)}`
  }

  mayRead(key: string, query: URLSearchParams, now: number): boolean {
    const expires = Number(query.get('e'))
    return expires > now && equal(query.get('sign') ?? '', this.#sign(`read\n${key}\n${expires}`))
  }

  uploadToken(policy: UploadPolicy): string {
    const text = Buffer.from(JSON.stringify(policy)).toString('base64url')
    return `${text}.${this.#sign(`upload\n${text}`)}`
  }

  /** The policy of a token that is genuine and has not expired. */
  openToken(token: string, now: number): UploadPolicy | undefined {
    const [text = '', signature = ''] = token.split('.', 2)
    if (!equal(signature, this.#sign(`upload\n${text}`))) return undefined
    const policy = JSON.parse(Buffer.from(text, 'base64url').toString()) as UploadPolicy
    return policy.expires > now ? policy : undefined
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url')
  }
}

// internals

function encodePath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
