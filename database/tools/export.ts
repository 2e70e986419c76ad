import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { LocalError } from '../../errors/errors.ts'
import { type WriteOptions, writeExtendedJson } from '../extended-json/write.ts'
import { batches, type DatabasePlace } from './collections.ts'

/** What of a collection is written, and how. */
export interface ExportOptions extends DatabasePlace {
  collection: string
  /** MongoDB filter, values as they are stored. */
  filter?: Readonly<Record<string, unknown>>
  sort?: Readonly<Record<string, unknown>>
  limit?: number
  /** Only these members, and `_id`. Default: all. */
  fields?: readonly string[]
  /** False leaves `_id` out. Default true. */
  ids?: boolean
  /** `jsonl` (default): a document a line; `json`: one array. */
  format?: 'jsonl' | 'json'
  /** Names the kind of every number. Default: only where a plain number would be read back as another. */
  canonical?: boolean
  /** Told now and then, and at the end. */
  onProgress?(written: ExportCount): void
  /** Told of a document that cannot be read back as it is: a member looks like Extended JSON's own. */
  onAmbiguous?(id: unknown, path: string): void
  signal?: AbortSignal
}

/** How the text is kept. */
export interface TargetOptions {
  gzip?: boolean
  /** Ends the writing, also while nobody takes what is written. */
  signal?: AbortSignal
}

export interface ExportCount {
  documents: number
  /** UTF-16 units of text, before packing. */
  characters: number
}

/**
 * The text of an export, piece by piece: a cursor's batch is all that is held in memory.
 * @throws DatabaseError; the signal's reason when it was aborted
 */
export async function* exportText(options: ExportOptions): AsyncGenerator<string, void, void> {
  const { database, name, format = 'jsonl', signal } = options
  const count: ExportCount = { documents: 0, characters: 0 }
  const array = format === 'json'
  let text = array ? '[' : ''
  for await (const document of batches(database, name, findCommand(options), () => nextBatch(count))) {
    signal?.throwIfAborted()
    const line = writeExtendedJson(document, writeOptions(options, document))
    text += array ? `${count.documents === 0 ? '' : ','}\n${line}` : `${line}\n`
    count.documents++
    count.characters += line.length + 1
    if (text.length < CHUNK) continue
    yield text
    text = ''
    options.onProgress?.(count)
  }
  if (array) text += count.documents === 0 ? ']\n' : '\n]\n'
  if (text !== '') yield text
  options.onProgress?.(count)
}

/**
 * Writes an export into a file: aside, and moved into place when it is whole.
 * @throws LocalError USAGE when the file cannot be written
 */
export async function writeExport(
  text: AsyncIterable<string>,
  path: string,
  options: TargetOptions = {},
): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    await pump(text, createWriteStream(aside), options)
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw writeProblem(error, path)
  }
}

/** Writes an export to a stream that stays open, as the standard output does. */
export async function streamExport(
  text: AsyncIterable<string>,
  stream: Writable,
  options: TargetOptions = {},
): Promise<void> {
  await pump(text, stream, options, false)
}

// internals

/** Text handed on at once. */
const CHUNK = 64 * 1024
/** Text of one batch that is aimed at, and documents it has at most. */
const BATCH_TEXT = 4 * 1024 * 1024
const BATCH_DOCUMENTS = 2000

/** Large documents come in small batches. The first knows nothing of them. */
function nextBatch({ documents, characters }: ExportCount): number {
  if (documents === 0) return 100
  return Math.min(BATCH_DOCUMENTS, Math.max(1, Math.floor((BATCH_TEXT * documents) / characters)))
}

function findCommand(options: ExportOptions): Record<string, unknown> {
  const { collection, filter, sort, limit } = options
  const projection = projectionOf(options)
  return {
    find: collection,
    ...(filter ? { filter } : {}),
    ...(sort ? { sort } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(projection ? { projection } : {}),
  }
}

function projectionOf({ fields, ids = true }: ExportOptions): Record<string, unknown> | undefined {
  if (!fields) return ids ? undefined : { _id: 0 }
  return { ...Object.fromEntries(fields.map((field) => [field, 1])), _id: ids ? 1 : 0 }
}

function writeOptions(
  { canonical = false, onAmbiguous }: ExportOptions,
  document: Record<string, unknown>,
): WriteOptions {
  if (!onAmbiguous) return { canonical }
  return { canonical, ambiguous: (path) => onAmbiguous(document._id, path) }
}

async function pump(
  text: AsyncIterable<string>,
  target: Writable,
  { gzip = false, signal }: TargetOptions,
  end = true,
): Promise<void> {
  const source = Readable.from(text, { objectMode: false })
  const options = { end, ...(signal ? { signal } : {}) }
  if (gzip) await pipeline(source, createGzip(), target, options)
  else await pipeline(source, target, options)
}

function writeProblem(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined || typeof code !== 'string') return error
  return new LocalError('USAGE', `${path} cannot be written: ${message}`, { cause: error })
}
