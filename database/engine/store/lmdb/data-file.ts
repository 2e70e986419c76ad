import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { DatabaseError } from '../../../command.ts'
import { databaseError } from '../../errors.ts'
import { damaged, fileError } from '../files.ts'

/**
 * Looks at a file before lmdb does, which would end the process over one that is cut off or none of its own.
 * @returns what is wrong with it; undefined for nothing, and for no file
 */
export function inspectFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { size } = fstatSync(file)
    if (size === 0) return undefined
    const metas = readMetas(file)
    if (!metas) return 'it has no proper beginning'
    const { pageSize, lastPage, roots } = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a))
    const pages = Math.floor(size / pageSize)
    if (roots.some((root) => root > lastPage || root >= pages)) return 'its end is missing'
    return undefined
  } catch (error) {
    throw fileError(error, 'opening', path)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** How many bytes a file lacks by its own account. */
export function missingBytes(path: string): number {
  if (!existsSync(path)) return 0
  const file = openSync(path, 'r')
  try {
    const metas = readMetas(file) ?? []
    const wanted = Math.max(0, ...metas.map(({ lastPage, pageSize }) => (lastPage + 1) * pageSize))
    return Math.max(0, wanted - fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a file as long as its own account says: where the end is missing lmdb then finds empty pages, and tells of them,
 * while it would end the process for running out of file.
 */
export function fillUp(path: string): void {
  const missing = missingBytes(path)
  if (missing > 0) truncateSync(path, statSync(path).size + missing)
}

/** Gives a damaged file another name. @returns that name */
export function moveAside(path: string): string {
  let aside = `${path}.damaged`
  for (let number = 2; existsSync(aside); number++) aside = `${path}.damaged-${number}`
  try {
    renameSync(path, aside)
    rmSync(`${path}-lock`, { force: true })
  } catch (error) {
    throw fileError(error, 'moving aside', path)
  }
  return aside
}

/** What a failure of lmdb, or of what it has read, means to the user; errors that are neither stay as they are. */
export function lmdbFailure(error: unknown, doing: string, path: string): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseError) return error
  const { code, message } = error as { code?: unknown; message: string }
  if (message.startsWith('BSON ')) return damaged(path, message)
  if (typeof code !== 'number') return error
  if (CORRUPTED.has(code)) return damaged(path, message)
  if (code === SHORT_WRITE && doing === 'writing') {
    return databaseError(
      14031,
      `The disk is full, or fails: ${path} cannot grow (${message}). Nothing of this command was kept; free some space and try again.`,
      { cause: error },
    )
  }
  const system = SYSTEM_ERRORS.get(code)
  if (system) return fileError({ code: system, message }, doing, path)
  return databaseError(96, `lmdb failed while ${doing} ${path}: ${message}`, { cause: error })
}

/** True for a failure that a damaged file explains, and nothing else. */
export function isDamage(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string }
  return message?.startsWith('BSON ') === true || (typeof code === 'number' && CORRUPTED.has(code))
}

// internals

interface Meta {
  readonly transaction: number
  readonly lastPage: number
  readonly pageSize: number
  /** Pages its two trees begin at. */
  readonly roots: readonly number[]
}

const MAGIC = 0xbeefc0de
const VERSION = 2
/** Bytes of a page's head, and where things stand behind it. */
const HEAD = 24
const PAGE_SIZE_AT = HEAD + 24
const ROOTS_AT = [HEAD + 64, HEAD + 112]
const LAST_PAGE_AT = HEAD + 120
const TRANSACTION_AT = HEAD + 128
const META_BYTES = TRANSACTION_AT + 8
const NO_PAGE = 2n ** 64n - 1n

/**
 * Lmdb's own accounts: on the first two pages, in turn, and half-way what has reached the disk for sure.
 * @returns undefined when one of the two is not readable: lmdb takes no such file
 */
function readMetas(file: number): Meta[] | undefined {
  const first = readMeta(file, 0)
  const second = first && readMeta(file, first.pageSize)
  if (!first || !second) return undefined
  const between = readMeta(file, first.pageSize >> 1)
  return between ? [first, second, between] : [first, second]
}

function readMeta(file: number, at: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES)
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined
  if (bytes.readUInt32LE(HEAD) !== MAGIC || bytes.readUInt32LE(HEAD + 4) !== VERSION) return undefined
  const pageSize = bytes.readUInt32LE(PAGE_SIZE_AT)
  const lastPage = Number(bytes.readBigUInt64LE(LAST_PAGE_AT))
  const transaction = Number(bytes.readBigUInt64LE(TRANSACTION_AT))
  if (pageSize < 256 || pageSize > 65_536 || lastPage > MOST_PAGES) return undefined
  const roots = ROOTS_AT.map((place) => bytes.readBigUInt64LE(place)).filter((root) => root !== NO_PAGE)
  return { transaction, lastPage, pageSize, roots: roots.map(Number) }
}

/** 16 TB of small pages: what says more is no account. */
const MOST_PAGES = 2 ** 32

/** EIO: also what lmdb makes of a write that took only a part, as a full disk does. */
const SHORT_WRITE = 5

/** Where lmdb passes on an error of the system, it gives the bare number. */
const SYSTEM_ERRORS: ReadonlyMap<number, string> = new Map([
  [13, 'EACCES'],
  [1, 'EPERM'],
  [27, 'EFBIG'],
  [28, 'ENOSPC'],
  [30, 'EROFS'],
  [122, 'EDQUOT'],
])

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_VERSION_MISMATCH, MDB_INVALID, MDB_BAD_TXN */
const CORRUPTED: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30794, -30793, -30782])
