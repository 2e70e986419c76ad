import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { databaseError } from '../../errors.ts'
import { damaged, fileError } from '../files.ts'

/** The name of lmdb's file in the data folder; beside it stands one for locks, which holds nothing. */
export const LMDB_FILE = 'documents.lmdb'

/**
 * Looks at a file before lmdb does, which would end the process over one that is cut off or none of its own. A file that
 * is too short for its own account is made longer: lmdb then tells of empty pages, where it would have run out of file.
 * @returns what is wrong with it; undefined for nothing, and for no file
 */
export function inspectFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  let file: number | undefined
  try {
    file = openSync(path, 'r+')
    const { size } = fstatSync(file)
    if (size === 0) return undefined
    const metas = [0, 2048, 4096].map((at) => readMeta(file!, at)).filter((meta) => meta !== undefined)
    const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a), metas[0]!)
    if (!newest) return 'it has no proper beginning'
    const wanted = (newest.lastPage + 1) * newest.pageSize
    if (size < wanted) ftruncateSync(file, wanted)
    return undefined
  } catch (error) {
    throw fileError(error, 'opening', path)
  } finally {
    if (file !== undefined) closeSync(file)
  }
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

/** What a failure inside lmdb means to the user; errors that are none of lmdb's stay as they are. */
export function lmdbFailure(error: unknown, doing: string, path: string): unknown {
  const { code, message } = error as { code?: unknown; message?: string }
  if (typeof code !== 'number' || 'codeName' in (error as object)) return error
  const system = SYSTEM_ERRORS.get(code)
  if (system) return fileError({ code: system, message }, doing, path)
  if (CORRUPTED.has(code)) return damaged(path, message ?? 'lmdb cannot read it')
  return databaseError(96, `lmdb failed while ${doing} ${path}: ${message}`, { cause: error })
}

// internals

interface Meta {
  readonly transaction: number
  readonly lastPage: number
  readonly pageSize: number
}

const MAGIC = 0xbeefc0de
/** Bytes of a page's head, and where things stand behind it. */
const HEAD = 24
const PAGE_SIZE_AT = 24
const LAST_PAGE_AT = 120
const TRANSACTION_AT = 128
const META_BYTES = HEAD + TRANSACTION_AT + 8

/** One of the places where lmdb keeps its own account; undefined when it is not one. */
function readMeta(file: number, at: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES)
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined
  if (bytes.readUInt32LE(HEAD) !== MAGIC) return undefined
  const pageSize = bytes.readUInt32LE(HEAD + PAGE_SIZE_AT)
  const lastPage = Number(bytes.readBigUInt64LE(HEAD + LAST_PAGE_AT))
  const transaction = Number(bytes.readBigUInt64LE(HEAD + TRANSACTION_AT))
  if (pageSize < 256 || pageSize > 65_536 || lastPage > MOST_PAGES) return undefined
  return { transaction, lastPage, pageSize }
}

/** 16 TB of small pages: what says more is no account. */
const MOST_PAGES = 2 ** 32

/** Where lmdb passes on an error of the system, it gives the bare number. */
const SYSTEM_ERRORS: ReadonlyMap<number, string> = new Map([
  [13, 'EACCES'],
  [1, 'EPERM'],
  [27, 'EFBIG'],
  [28, 'ENOSPC'],
  [30, 'EROFS'],
  [122, 'EDQUOT'],
])

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_VERSION_MISMATCH, MDB_INVALID */
const CORRUPTED: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30794, -30793])
