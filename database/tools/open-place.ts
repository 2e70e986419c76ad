import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalError } from '../../errors/errors.ts'
import type { DatabaseError, DocumentDatabase } from '../command.ts'
import type { EmbeddedDatabase } from '../engine/engine.ts'
import type { Storage } from '../engine/store/contract.ts'
import { holdsDatabase } from '../engine/store/folder-copy.ts'
import { type LockOwner, lockOwner } from '../engine/store/lock.ts'
import { storesIn } from '../engine/store/other-store.ts'
import type { DatabasePlace } from './collections.ts'

export interface OpenOptions {
  /** `embedded`, `mongod`, or a `mongodb://` or `mongodb+srv://` connection string. */
  setting: string
  /** Folder of the data files. */
  directory: string
  /** How that folder keeps documents. Default `journal`. */
  storage?: Storage
  /** MongoDB database name of the space. */
  name: string
  /** A folder without a database is refused. Default: one is begun. */
  mustExist?: boolean
  /** Gets one line for everything the user should know but that fails nothing. */
  warn?(text: string): void
}

/** An open database, wherever it is. */
export interface OpenPlace extends DatabasePlace, AsyncDisposable {
  /** `folder`: opened by us. `owner`: reached through the process that has the folder. `server`: a real one. */
  readonly through: 'folder' | 'owner' | 'server'
  /** Where it is, for the user; without secrets. */
  readonly shown: string
  /** The engine, when it is our own. */
  readonly engine?: EmbeddedDatabase
}

/**
 * Opens a space's database for a tool: the data folder itself, or, when another process has it, the database that
 * process serves (spec/embedded-database.md §8).
 * @throws LocalError DATA_IN_USE, DATA_UNUSABLE, DATABASE_UNAVAILABLE, CONFIG_INVALID, USAGE
 */
export async function openPlace(options: OpenOptions): Promise<OpenPlace> {
  const { setting, name } = options
  if (setting === 'memory') throw nothingKept()
  if (setting === 'embedded') return openFolder(options)
  if (setting === 'mongod') {
    const { connectDatabase } = await import('../connect.ts')
    const { directory, warn = () => {} } = options
    const opened = await connectDatabase(setting, { directory, warn })
    return placeOf(opened.database, name, 'server', 'mongod', () => opened.close())
  }
  const { shownUri } = await import('../driver/address.ts')
  return connect(setting, options, 'server', shownUri(setting))
}

/**
 * The process that has a data folder and serves its database to others; undefined when nobody has the folder. One that
 * has just started gets a moment to open its door.
 * @throws LocalError DATA_IN_USE when the owner cannot be reached
 */
export async function servingOwner(directory: string): Promise<(LockOwner & { uri: string }) | undefined> {
  for (let waited = 0; ; waited += STEP_MS) {
    const owner = lockOwner(directory)
    if (!owner) return undefined
    const { uri } = owner
    if (uri !== undefined && owner.host === hostname()) return { ...owner, uri }
    if (waited >= PATIENCE_MS || owner.host !== hostname()) throw inUse(directory, owner)
    await sleep(STEP_MS)
  }
}

/** What a failure to open a data folder means to the user. */
export function folderProblem(error: unknown): unknown {
  const { code, message } = error as Partial<DatabaseError>
  if (code !== IN_USE && code !== UNUSABLE) return error
  const [name, hint] =
    code === IN_USE
      ? (['DATA_IN_USE', 'stop that process, or name another data folder with --data'] as const)
      : (['DATA_UNUSABLE', 'see the message; --data names another folder'] as const)
  return new LocalError(name, message ?? '', { hint, cause: error })
}

// internals

/** The engine's codes for a folder it cannot have, or cannot use. */
const IN_USE = 98
const UNUSABLE = 96
const STEP_MS = 50
const PATIENCE_MS = 1000

async function openFolder(options: OpenOptions): Promise<OpenPlace> {
  const { directory, storage = 'journal', name, mustExist = false, warn = () => {} } = options
  for (;;) {
    const owner = await servingOwner(directory)
    if (owner) return connect(owner.uri, options, 'owner', `${directory} (through process ${owner.pid})`)
    if (mustExist && !holds(directory, storage)) throw nothingThere(directory)
    const { EmbeddedDatabase } = await import('../engine/engine.ts')
    try {
      const engine = new EmbeddedDatabase({ directory, storage, warn })
      return { ...placeOf(engine, name, 'folder', directory, () => engine.close()), engine }
    } catch (error) {
      // Somebody was faster: they are asked in the next round.
      if ((error as DatabaseError).code !== IN_USE) throw folderProblem(error)
    }
  }
}

/** A database counts when it is empty, too. */
function holds(directory: string, storage: Storage): boolean {
  return storage === 'lmdb' ? storesIn(directory).includes(storage) : holdsDatabase(directory)
}

async function connect(
  uri: string,
  { name, warn = () => {} }: OpenOptions,
  through: OpenPlace['through'],
  shown: string,
): Promise<OpenPlace> {
  const { DriverDatabase } = await import('../driver/driver-database.ts')
  const database = await DriverDatabase.connect(uri, { warn })
  return placeOf(database, name, through, shown, () => database.close())
}

function placeOf(
  database: DocumentDatabase,
  name: string,
  through: OpenPlace['through'],
  shown: string,
  close: () => Promise<void>,
): OpenPlace {
  return { database, name, through, shown, [Symbol.asyncDispose]: close }
}

function inUse(directory: string, { pid, host }: LockOwner): LocalError {
  const where = host === hostname() ? '' : ` on ${host}`
  return new LocalError(
    'DATA_IN_USE',
    `the database folder ${directory} is in use by process ${pid}${where}, which does not serve it to others`,
    { hint: 'wait for that process to end, stop it, or name another data folder with --data' },
  )
}

function nothingKept(): LocalError {
  return new LocalError('USAGE', "database is 'memory': nothing of it is kept between two commands", {
    hint: "use --database embedded, or set it in the project's configuration file",
  })
}

function nothingThere(directory: string): LocalError {
  return new LocalError('USAGE', `there is no database in ${directory} yet`, {
    hint: 'it comes with the first start, or with: unicloud-local db init',
  })
}
