/** Stored files over HTTP: GET and HEAD with ranges, and uploads by signed form (spec/runtime.md §11). */
import { createReadStream } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../../clock/clock.ts'
import type { StorageHttp } from '../../gateway/storage-http.ts'
import { keyOfEncodedPath, type StorageSigner, uploadPath } from '../../storage-address.ts'
import type { FileStore, StoredFile } from './file-store.ts'
import { receiveUpload } from './upload-form.ts'

export interface StorageFaceOptions {
  store: FileStore
  signer: StorageSigner
  clock: Clock
}

export class StorageFace implements StorageHttp {
  readonly #options: StorageFaceOptions

  constructor(options: StorageFaceOptions) {
    this.#options = options
  }

  async handle(req: IncomingMessage, res: ServerResponse, path: string, query: string): Promise<void> {
    for (const [name, value] of cors) res.setHeader(name, value)
    if (req.method === 'OPTIONS') return preflight(req, res)
    if (path === uploadPath) {
      if (req.method === 'POST') return receiveUpload(req, res, this.#options)
      return answer(res, 405, { allow: 'POST, OPTIONS' }, 'files are posted here\n')
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return answer(res, 405, { allow: 'GET, HEAD, OPTIONS' }, 'stored files can only be read here\n')
    }
    const key = keyOfEncodedPath(path)
    const file = key === undefined ? undefined : await this.#options.store.info(key)
    if (!file) return answer(res, 404, {}, 'no such file\n')
    const { signer, clock } = this.#options
    if (file.private && !signer.mayRead(file.key, new URLSearchParams(query), clock.now())) {
      return answer(res, 403, {}, 'this file is private: its URL needs a valid, unexpired signature\n')
    }
    await send(req, res, file)
  }
}

// internals

/** Any page may show a stored file. */
const cors: ReadonlyArray<[name: string, value: string]> = [
  ['access-control-allow-origin', '*'],
  ['access-control-expose-headers', 'accept-ranges, content-length, content-range, content-type, etag'],
  ['cross-origin-resource-policy', 'cross-origin'],
]

function preflight(req: IncomingMessage, res: ServerResponse): void {
  const asked = req.headers['access-control-request-headers']
  res.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
    ...(asked ? { 'access-control-allow-headers': asked } : {}),
    'access-control-max-age': '86400',
    ...(req.headers['access-control-request-private-network']
      ? { 'access-control-allow-private-network': 'true' }
      : {}),
  })
  res.end()
}

function answer(res: ServerResponse, status: number, headers: OutgoingHttpHeaders, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
  res.end(res.req.method === 'HEAD' ? undefined : text)
}

async function send(req: IncomingMessage, res: ServerResponse, file: StoredFile): Promise<void> {
  const etag = `"${file.modifiedAt.toString(36)}-${file.size.toString(36)}"`
  const headers: OutgoingHttpHeaders = {
    'content-type': file.type,
    'accept-ranges': 'bytes',
    'cache-control': file.private ? 'private, no-cache' : 'no-cache',
    etag,
    'last-modified': new Date(file.modifiedAt).toUTCString(),
    'x-content-type-options': 'nosniff',
    ...(isActive(file.type) ? { 'content-security-policy': 'sandbox' } : {}),
  }
  if (req.headers['if-none-match'] === etag) {
    res.writeHead(304, headers)
    res.end()
    return
  }
  const range = req.headers['if-range'] && req.headers['if-range'] !== etag ? undefined : req.headers.range
  const part = partOf(range, file.size)
  if (part === 'none') return answer(res, 416, { 'content-range': `bytes */${file.size}` }, 'no such range\n')
  const { start, end } = part ?? { start: 0, end: file.size - 1 }
  headers['content-length'] = end - start + 1
  if (part) headers['content-range'] = `bytes ${start}-${end}/${file.size}`
  res.writeHead(part ? 206 : 200, headers)
  if (req.method === 'HEAD' || file.size === 0) {
    res.end()
    return
  }
  // A reader that hangs up is its own business; the response is gone with it.
  await pipeline(createReadStream(file.path, { start, end }), res).catch(() => res.destroy())
}

/** Documents that could run scripts with the rights of this server's own pages: the console lives on the same origin. */
function isActive(type: string): boolean {
  return /html|xml/.test(type)
}

/** The first and last byte of a `Range` header with one range; undefined = the whole file. */
function partOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'none' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? 'none' : { start: size - length, end: size - 1 }
  }
  const start = Number(from)
  if (start >= size || (to !== '' && Number(to) < start)) return 'none'
  return { start, end: to === '' ? size - 1 : Math.min(Number(to), size - 1) }
}
