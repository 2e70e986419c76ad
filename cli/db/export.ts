/** `unicloud-local db export` */
import { mkdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { databaseProfiles } from '../../database/api/profile.ts'
import { toStored } from '../../database/api/stored-values.ts'
import { parseExtendedJson } from '../../database/extended-json/parse.ts'
import {
  countDocuments,
  listCollections,
  listIndexes,
  requireCollections,
} from '../../database/tools/collections.ts'
import {
  type ExportCount,
  type ExportOptions,
  exportText,
  streamExport,
  type TargetOptions,
  writeExport,
} from '../../database/tools/export.ts'
import { exportFileName, indexFileName } from '../../database/tools/file-names.ts'
import { writeIndexFile } from '../../database/tools/index-file.ts'
import type { OpenPlace } from '../../database/tools/open-place.ts'
import { LocalError } from '../../errors/errors.ts'
import type { Flags } from '../space-options.ts'
import { databaseTarget, Interruption, openTarget, projectIfAny, providerOf } from './context.ts'
import { count, note, number, Progress, remark, shownPath } from './print.ts'

/** Writes collections as Extended JSON, to the standard output, a file, or a folder of files. */
export async function exportCommand(asked: string[], flags: Flags): Promise<void> {
  const target = await databaseTarget(flags)
  const wanted = readFlags(flags)
  const toProvider = async (value: Doc): Promise<Doc> => {
    const provider = providerOf(target, await projectIfAny(target))
    return toStored(value, { ...databaseProfiles[provider], now: Date.now() }) as Doc
  }
  if (wanted.filter) wanted.filter = await toProvider(wanted.filter)
  await using place = await openTarget(target, { mustExist: true })
  const existing = await listCollections(place)
  requireCollections(asked, existing)
  const collections = asked.length > 0 ? [...new Set(asked)] : existing
  const output = outputOf(flags, collections, wanted)
  using interruption = new Interruption()
  await interruption.run(async () => {
    for (const collection of collections) {
      const options = { ...place, ...wanted, collection, signal: interruption.signal }
      await exportOne(options, output, place)
    }
    if (flags.indexes) await exportIndexes(place, collections, output)
  })
}

// internals

type Doc = Record<string, unknown>

/** What is the same for all collections. */
type Wanted = Pick<ExportOptions, 'filter' | 'sort' | 'limit' | 'fields' | 'ids' | 'format' | 'canonical'>

interface Output {
  gzip: boolean
  /** Undefined for the standard output. */
  file?(collection: string): string
  folder?: string
}

function readFlags(flags: Flags): Wanted {
  const wanted: Wanted = {
    format: flags.format === 'json' ? 'json' : 'jsonl',
    canonical: flags.canonical === true,
    ids: flags.ids !== false,
  }
  if (flags.query !== undefined) wanted.filter = parseObject(String(flags.query), '--query')
  if (flags.sort !== undefined) wanted.sort = parseObject(String(flags.sort), '--sort')
  if (flags.fields !== undefined) {
    wanted.fields = String(flags.fields)
      .split(',')
      .map((field) => field.trim())
      .filter((field) => field !== '')
  }
  if (flags.limit !== undefined) {
    const limit = Number(flags.limit)
    if (!Number.isInteger(limit) || limit < 1) {
      throw new LocalError(
        'USAGE',
        `--limit is ${JSON.stringify(flags.limit)}: a whole number from 1 is allowed`,
      )
    }
    wanted.limit = limit
  }
  return wanted
}

function parseObject(text: string, flag: string): Doc {
  let value: unknown
  try {
    value = parseExtendedJson(text)
  } catch (cause) {
    throw new LocalError('USAGE', `${flag} is no JSON: ${(cause as Error).message}`, {
      hint: `quote it for the shell, for example ${flag} '{"status":1}'`,
      cause,
    })
  }
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return value as Doc
  throw new LocalError('USAGE', `${flag} must be an object`, { hint: `for example ${flag} '{"status":1}'` })
}

function outputOf(flags: Flags, collections: readonly string[], { format = 'jsonl' }: Wanted): Output {
  const out = flags.out === undefined ? undefined : String(flags.out)
  const gzip = flags.gzip === true || out?.endsWith('.gz') === true
  const one = collections.length === 1
  if (out === undefined || out === '-') {
    if (flags.indexes)
      throw new LocalError('USAGE', '--indexes needs a folder to write to', { hint: '--out DIR/' })
    if (one) return { gzip }
    if (collections.length === 0) throw new LocalError('USAGE', 'the database holds no collections')
    throw new LocalError(
      'USAGE',
      `${collections.length} collections cannot go to the standard output together`,
      {
        hint: `name one of ${collections.join(', ')}, or a folder with --out DIR`,
      },
    )
  }
  const full = path.resolve(out)
  const isFolder = statSync(full, { throwIfNoEntry: false })?.isDirectory() ?? false
  if (one && !isFolder && !/[/\\]$/.test(out) && !flags.indexes) return { gzip, file: () => full }
  const packed = flags.gzip === true
  makeFolder(full)
  return {
    gzip: packed,
    folder: full,
    file: (collection) => path.join(full, exportFileName(collection, format, packed)),
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new LocalError('USAGE', `${folder} cannot be used as a folder: ${(cause as Error).message}`, {
      cause,
    })
  }
}

async function exportOne(options: ExportOptions, output: Output, place: OpenPlace): Promise<void> {
  const { collection, filter, limit = Number.POSITIVE_INFINITY } = options
  using progress = new Progress()
  const total = Math.min(limit, await countDocuments(place, collection, filter))
  let written: ExportCount = { documents: 0, characters: 0 }
  let ambiguous: [id: unknown, path: string, count: number] | undefined
  const text = exportText({
    ...options,
    onProgress: (now) => {
      written = now
      progress.show(`${collection}  ${number(now.documents)} of ${count(total, 'document')}`)
    },
    onAmbiguous: (id, where) => {
      ambiguous = [ambiguous?.[0] ?? id, ambiguous?.[1] ?? where, (ambiguous?.[2] ?? 0) + 1]
    },
  })
  const file = output.file?.(collection)
  const target = { gzip: output.gzip, ...(options.signal ? { signal: options.signal } : {}) }
  if (file === undefined) await toStandardOutput(text, target)
  else await writeExport(text, file, target)
  progress.clear()
  const destination = file === undefined ? '' : ` -> ${shownPath(file)}`
  note(`${collection}: ${count(written.documents, 'document')}${destination}`)
  if (ambiguous) warnOfAmbiguous(collection, ambiguous)
}

/** Whoever reads may stop when it has enough, as `head` does. */
async function toStandardOutput(text: AsyncIterable<string>, target: TargetOptions): Promise<void> {
  try {
    await streamExport(text, process.stdout, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

function warnOfAmbiguous(collection: string, [id, where, times]: [unknown, string, number]): void {
  const others = times > 1 ? ` (and ${number(times - 1)} more)` : ''
  remark(
    'warning',
    `${collection}: ${where} of document ${String(id)}${others} looks like Extended JSON itself and will be read back as what it looks like`,
  )
}

async function exportIndexes(
  place: OpenPlace,
  collections: readonly string[],
  output: Output,
): Promise<void> {
  for (const collection of collections) {
    const { text, remarks } = writeIndexFile(await listIndexes(place, collection))
    await writeFile(path.join(output.folder!, indexFileName(collection)), text)
    for (const line of remarks) remark('warning', `${collection}: ${line}`)
  }
}
