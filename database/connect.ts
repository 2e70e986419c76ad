import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { ClockState } from '../clock/adjustable-clock.ts'
import { LocalError } from '../errors/errors.ts'
import type { DocumentDatabase } from './command.ts'
import { shownUri } from './driver/address.ts'
import type { Mongod } from './driver/mongod.ts'
import { EngineThread, type EngineThreadOptions } from './engine/engine-thread.ts'
import type { WireOptions, WireServer } from './wire/wire-server.ts'

export interface ConnectOptions extends Omit<EngineThreadOptions, 'uri'> {
  /** Folder of the data files: of the embedded engine, or of a `mongod` of our own. `memory` keeps none. */
  directory?: string
  /**
   * Opens the embedded database to MongoDB clients over TCP. Its local socket, `mongodb.sock` in the data folder, is
   * always open.
   */
  wire?: WireOptions
}

/** An open database and its doors. */
export interface ConnectedDatabase {
  readonly database: DocumentDatabase
  /** One more connection, for an instance, which wraps it in a `PortDatabase`. */
  connect(): MessagePort
  /** The space's clock was moved; a real server keeps its own time. */
  setClock(clock: ClockState): Promise<void>
  /** Opens an embedded database to MongoDB clients. */
  listen(options: WireOptions): Promise<WireServer>
  close(): Promise<void>
}

/**
 * Opens the database a setting names (spec/embedded-database.md §4). All of them run in a thread of their own and look
 * alike from outside; none takes the place of another that cannot be had.
 * @param setting `embedded`, `memory`, `mongod`, or a `mongodb://` or `mongodb+srv://` connection string
 * @throws LocalError DATABASE_UNAVAILABLE, PACKAGE_MISSING, CONFIG_INVALID
 * @throws DatabaseError 98 when another process has the folder, 96 when it cannot be used
 */
export async function connectDatabase(
  setting: string,
  options: ConnectOptions = {},
): Promise<ConnectedDatabase> {
  if (setting === 'embedded' || setting === 'memory') return openEmbedded(setting, options)
  if (setting === 'mongod') return openMongod(options)
  if (/^mongodb(\+srv)?:\/\//.test(setting)) return openServer(setting, options)
  throw new LocalError(
    'CONFIG_INVALID',
    `database: '${shownUri(setting)}' is none of the settings there are`,
    {
      hint: "use 'embedded', 'memory', 'mongod' or a connection string that begins with mongodb://",
    },
  )
}

// internals

/** The socket's name in the data folder; drivers tell a socket by its ending. */
const SOCKET = 'mongodb.sock'

async function openEmbedded(setting: string, options: ConnectOptions): Promise<ConnectedDatabase> {
  const { directory, wire, ...rest } = options
  const kept = setting === 'embedded' ? directory : undefined
  const opened = await openThread({ ...rest, ...(kept === undefined ? {} : { directory: kept }) })
  if (kept !== undefined) {
    // Nobody waits for it: functions use ports, and the first client comes later.
    opened.listen({ socketPath: join(kept, SOCKET) }).catch((error: Error & { code?: unknown }) => {
      // Closed before it could open.
      if (error.code === 91) return
      options.warn?.(`MongoDB clients cannot use the database through its data folder: ${error.message}`)
    })
  }
  try {
    if (wire) await opened.listen(wire)
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** A real server keeps its own files and opens its own doors. */
function openServer(
  uri: string,
  { directory: _, storage: _storage, wire: _wire, ...rest }: ConnectOptions,
): Promise<ConnectedDatabase> {
  return openThread({ ...rest, uri })
}

async function openMongod(options: ConnectOptions): Promise<ConnectedDatabase> {
  const { startMongod } = await import('./driver/mongod.ts')
  const mongod = await startMongod(options.directory)
  try {
    return stopping(await openServer(mongod.uri, options), mongod)
  } catch (error) {
    await mongod.stop()
    throw error
  }
}

function stopping(opened: ConnectedDatabase, mongod: Mongod): ConnectedDatabase {
  const close = async () => {
    await opened.close()
    await mongod.stop()
  }
  return {
    database: opened.database,
    connect: () => opened.connect(),
    setClock: (clock) => opened.setClock(clock),
    listen: (options) => opened.listen(options),
    close,
  }
}

async function openThread(options: EngineThreadOptions): Promise<ConnectedDatabase> {
  const thread = new EngineThread(options)
  try {
    await thread.ready()
    return thread
  } catch (error) {
    await thread.close()
    throw error
  }
}
