/** What `fileContent` may be, and how it travels to the host (spec/runtime.md §11). */
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { GuestRuntime } from '../../guest-context.ts'
import { invalidParam } from '../error.ts'

/** As the host's file store takes it. */
export type FileSource = { bytes: Uint8Array } | { file: string; move?: boolean }

/**
 * Takes every form of every provider, with a remark on those this provider does not have.
 * @throws UniCloudError INVALID_PARAM
 */
export async function fileSource(runtime: GuestRuntime, content: unknown): Promise<FileSource> {
  const { provider } = runtime.space
  if (ArrayBuffer.isView(content)) {
    return { bytes: new Uint8Array(content.buffer, content.byteOffset, content.byteLength) }
  }
  if (content instanceof ArrayBuffer) return { bytes: new Uint8Array(content) }
  if (typeof content === 'string') {
    if (provider !== 'aliyun' && provider !== 'dcloud') warn(runtime, 'a path')
    return { file: await existingFile(content) }
  }
  if (content instanceof Readable || isReadable(content)) {
    if (provider === 'aliyun') warn(runtime, 'a stream')
    return { file: await spool(content), move: true }
  }
  throw invalidParam('fileContent must be a Buffer, a readable stream, or the absolute path of a file')
}

// internals

function warn(runtime: GuestRuntime, what: string): void {
  const taken = runtime.space.provider === 'aliyun' ? 'a Buffer or an absolute path' : 'a Buffer or a stream'
  runtime.warnOnce(
    `uploadFile.${what}`,
    `uploadFile: fileContent is ${what}; ${runtime.space.provider} takes ${taken} in the cloud`,
  )
}

async function existingFile(file: string): Promise<string> {
  if (!path.isAbsolute(file)) {
    throw invalidParam(`fileContent: "${short(file)}" is text; the absolute path of a file is expected`)
  }
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw invalidParam(`fileContent: there is no file ${short(file)}`)
  return file
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function isReadable(content: unknown): content is Readable {
  return typeof (content as { pipe?: unknown } | null | undefined)?.pipe === 'function'
}

/** A stream cannot cross to the host: it becomes a file, which the host takes over. */
async function spool(stream: Readable): Promise<string> {
  const file = path.join(tmpdir(), `unicloud-upload-${randomBytes(8).toString('hex')}`)
  await pipeline(stream, createWriteStream(file))
  return file
}
