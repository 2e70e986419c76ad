/** A multipart form with one file, allowed by the token in it (as qiniu's form upload works). */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../../clock/clock.ts'
import type { StorageSigner, UploadPolicy } from '../../storage-address.ts'
import type { FileStore } from './file-store.ts'

export interface UploadOptions {
  store: FileStore
  signer: StorageSigner
  clock: Clock
}

/**
 * Answers `{key, fsize}`, or `{error}` with qiniu's statuses: 401 token, 413 size, 614 the file exists. aliyun's form
 * has no token of that name, its policy stands for it.
 */
export async function receiveUpload(
  req: IncomingMessage,
  res: ServerResponse,
  options: UploadOptions,
): Promise<void> {
  try {
    const { policy, size } = await readForm(req, options)
    reply(res, 200, { key: policy.key, fsize: size })
  } catch (error) {
    const status = error instanceof UploadRefused ? error.status : codeStatus(error)
    if (status === undefined) throw error
    reply(res, status, { error: (error as Error).message })
  }
}

// internals

class UploadRefused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Received {
  policy: UploadPolicy
  size: number
}

async function readForm(req: IncomingMessage, options: UploadOptions): Promise<Received> {
  const { default: busboy } = await import('busboy')
  const form = openForm(() => busboy({ headers: req.headers, defParamCharset: 'utf8', limits: { files: 1 } }))
  let token: string | undefined
  let received: Promise<Received> | undefined
  try {
    return await new Promise((resolve, reject) => {
      form.on('field', (name, value) => {
        if (name === 'token' || name === 'policy') token = value
      })
      form.on('file', (_name, stream) => {
        received = receiveFile(stream, token, options)
        // What is refused is answered at once, however much is still to come.
        received.catch(reject)
      })
      form.on('error', (error) => reject(new UploadRefused(400, `the form cannot be read: ${String(error)}`)))
      form.on('close', () =>
        resolve(received ?? Promise.reject(new UploadRefused(400, 'the form has no file'))),
      )
      req.on('close', () => {
        if (!req.complete) reject(new UploadRefused(400, 'the upload was broken off'))
      })
      req.pipe(form)
    })
  } finally {
    req.unpipe(form)
    req.resume()
  }
}

function openForm<T>(open: () => T): T {
  try {
    return open()
  } catch (error) {
    throw new UploadRefused(400, (error as Error).message)
  }
}

async function receiveFile(
  stream: Readable,
  token: string | undefined,
  { store, signer, clock }: UploadOptions,
): Promise<Received> {
  const policy = signer.openToken(token ?? '', clock.now())
  if (!policy) throw new UploadRefused(401, 'bad or expired token; fields must come before the file')
  const incoming = await store.incomingFile()
  try {
    const { maxBytes = Number.POSITIVE_INFINITY } = policy
    let size = 0
    await pipeline(
      stream,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          size += chunk.length
          if (size > maxBytes) throw new UploadRefused(413, `the file has more than ${maxBytes} bytes`)
          yield chunk
        }
      },
      createWriteStream(incoming),
    )
    await store.put(policy.key, { file: incoming, move: true }, { overwrite: policy.overwrite })
    return { policy, size }
  } finally {
    await rm(incoming, { force: true })
  }
}

function codeStatus(error: unknown): number | undefined {
  return (error as { code?: string }).code === 'STORAGE_FILE_EXISTS' ? 614 : undefined
}

function reply(res: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}
