import { createReadStream } from 'node:fs'
import { addAbortSignal, pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { LocalError } from '../../errors/errors.ts'
import { DocumentSplitter, type Piece, SplitError } from './document-splitter.ts'

/** A file of documents: JSON lines or a JSON array, plain or packed with gzip. */
export interface DocumentFile {
  /** As the user knows it; `-` for the standard input. */
  readonly path: string
  /** Told the bytes of the file that were read, packed as they are. */
  onBytes?(bytes: number): void
  /** Ends the reading, also while the file has nothing to say. */
  signal?: AbortSignal
}

/**
 * The documents of a file one after the other, as text.
 * @throws LocalError USAGE when the file cannot be read or does not hold documents, with its line where there is one
 */
export async function* piecesOf(file: DocumentFile): AsyncGenerator<Piece, void, void> {
  const splitter = new DocumentSplitter()
  try {
    for await (const chunk of texts(file, splitter)) yield* splitter.add(chunk)
    yield* splitter.end()
  } catch (error) {
    throw fileProblem(error, file, splitter)
  }
}

// internals

async function* texts(file: DocumentFile, splitter: DocumentSplitter): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const bytes of unpacked(file)) {
    try {
      yield decoder.decode(bytes, { stream: true })
    } catch {
      throw new SplitError('the text is not UTF-8', splitter.line + linesBefore(bytes))
    }
  }
  yield decoder.decode()
}

/** Lines of a chunk before the bytes that are no text. */
function linesBefore(bytes: Uint8Array): number {
  const [good = ''] = new TextDecoder('utf-8').decode(bytes).split('\ufffd', 1)
  return good.split('\n').length - 1
}

async function* unpacked(file: DocumentFile): AsyncGenerator<Uint8Array, void, void> {
  const raw = bytesOf(file)
  const first = await raw.next()
  if (first.done) return
  refuseOtherText(first.value)
  const whole = chain(first.value, raw)
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) yield* whole
  else yield* gunzip(whole)
}

/** At least two bytes in the first chunk: what the file is can be told by them. */
async function* bytesOf(file: DocumentFile): AsyncGenerator<Uint8Array, void, void> {
  const stream: Readable = file.path === '-' ? process.stdin : createReadStream(file.path)
  if (file.signal) addAbortSignal(file.signal, stream)
  let held: Buffer | undefined
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    file.onBytes?.(chunk.length)
    held = held ? Buffer.concat([held, chunk]) : chunk
    if (held.length < 2) continue
    yield held
    held = undefined
  }
  if (held) yield held
}

async function* chain(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first
  yield* rest
}

async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const plain = createGunzip()
  // A failure of either side reaches the reader through `plain`.
  pipeline(Readable.from(packed), plain, () => {})
  yield* plain as AsyncIterable<Buffer>
}

/** UTF-16 is what some editors and shells of Windows write. */
function refuseOtherText(bytes: Uint8Array): void {
  const [one, two] = bytes
  const utf16 = (one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff)
  if (utf16) throw new SplitError('the text is UTF-16; save the file as UTF-8', 1)
  if (one === 0x50 && two === 0x4b) throw new SplitError('this is a ZIP archive; unpack it first', 1)
}

function fileProblem(error: unknown, file: DocumentFile, splitter: DocumentSplitter): unknown {
  const { path } = file
  if (file.signal?.aborted) return file.signal.reason
  if (error instanceof SplitError) {
    return new LocalError('USAGE', error.message, { where: { file: path, line: error.line }, cause: error })
  }
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new LocalError('USAGE', `there is no file ${path}`, { cause: error })
  if (code === 'EISDIR') return new LocalError('USAGE', `${path} is a folder`, { cause: error })
  if (code?.startsWith('Z_')) {
    return new LocalError('USAGE', `the gzip file is damaged or cut off: ${message}`, {
      where: { file: path, line: splitter.line },
      cause: error,
    })
  }
  if (code === undefined) return error
  return new LocalError('USAGE', `${path} cannot be read: ${message}`, { cause: error })
}
