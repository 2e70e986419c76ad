import { accessSync, constants, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LocalError } from '../../errors/errors.ts'

/** A `mongod` of our own. */
export interface Mongod {
  readonly uri: string
  stop(): Promise<void>
}

/**
 * Starts a replica set of one member with `mongodb-memory-server-core`, an optional package. The program is the one
 * `MONGOMS_SYSTEM_BINARY` names, or the `mongod` on the PATH; it is downloaded only when the user asks for that with
 * `MONGOMS_RUNTIME_DOWNLOAD=true`.
 * @param directory where its data files go; without one they are gone when it stops
 * @throws LocalError PACKAGE_MISSING, DATABASE_UNAVAILABLE
 */
export async function startMongod(directory: string | undefined): Promise<Mongod> {
  const { MongoMemoryReplSet } = await loadPackage()
  const systemBinary = findMongod()
  if (systemBinary === undefined && !downloadAllowed()) throw noProgram()
  const dbPath = directory === undefined ? undefined : join(directory, 'mongod')
  if (dbPath !== undefined) mkdirSync(dbPath, { recursive: true })
  try {
    const set = await MongoMemoryReplSet.create({
      replSet: { name: 'rs0', count: 1, storageEngine: 'wiredTiger' },
      instanceOpts: [{ storageEngine: 'wiredTiger', ...(dbPath === undefined ? {} : { dbPath }) }],
      ...(systemBinary === undefined ? {} : { binary: { systemBinary } }),
    })
    return {
      uri: set.getUri(),
      stop: async () => {
        await set.stop({ doCleanup: dbPath === undefined })
      },
    }
  } catch (cause) {
    throw new LocalError('DATABASE_UNAVAILABLE', `mongod cannot be started: ${(cause as Error).message}`, {
      hint: `try it by hand: ${systemBinary ?? 'mongod'} --version`,
      cause,
    })
  }
}

// internals

const PACKAGE = 'mongodb-memory-server-core'

/** As much of the package as is used. */
interface MemoryServerPackage {
  MongoMemoryReplSet: { create(options: object): Promise<ReplicaSet> }
}

interface ReplicaSet {
  getUri(): string
  stop(options: { doCleanup: boolean }): Promise<unknown>
}

/** Looks beside ourselves first, then in the project: with a global installation only that can have it. */
async function loadPackage(): Promise<MemoryServerPackage> {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    let file: string
    try {
      file = createRequire(from).resolve(PACKAGE)
    } catch {
      continue
    }
    const loaded = (await import(pathToFileURL(file).href)) as {
      default?: MemoryServerPackage
    } & MemoryServerPackage
    return loaded.MongoMemoryReplSet ? loaded : loaded.default!
  }
  throw new LocalError('PACKAGE_MISSING', `database: 'mongod' needs the package ${PACKAGE}`, {
    hint: `install it with \`npm install --save-dev ${PACKAGE}\`, or set database to a mongodb:// connection string`,
  })
}

function findMongod(): string | undefined {
  const named = process.env.MONGOMS_SYSTEM_BINARY
  if (named) return named
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function downloadAllowed(): boolean {
  return ['1', 'true', 'on', 'yes'].includes((process.env.MONGOMS_RUNTIME_DOWNLOAD ?? '').toLowerCase())
}

function noProgram(): LocalError {
  return new LocalError('DATABASE_UNAVAILABLE', "database: 'mongod' finds no mongod on this machine", {
    hint: 'install MongoDB, name the program in MONGOMS_SYSTEM_BINARY, or allow its download with MONGOMS_RUNTIME_DOWNLOAD=true',
  })
}
