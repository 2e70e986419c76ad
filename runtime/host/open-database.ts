/** Opens the space's database as the options say and brings the project's database files into it. */
import path from 'node:path'
import type { ClockState } from '../../clock/adjustable-clock.ts'
import type { Clock } from '../../clock/clock.ts'
import { databaseProfiles } from '../../database/api/profile.ts'
import type { DocumentDatabase } from '../../database/command.ts'
import { type ConnectedDatabase, connectDatabase } from '../../database/connect.ts'
import { limitRemarks } from '../../database/seed/provider-limits.ts'
import { seedDatabase } from '../../database/seed.ts'
import { LocalError, type LocalErrorCode } from '../../errors/errors.ts'
import type { SpaceOptions } from '../config/options.ts'
import type { Manifest } from '../project/manifest.ts'
import type { OpenDatabase } from './database-access.ts'
import type { LogStore } from './log-store.ts'

/** What opening needs to know of the space. */
export interface DatabaseOwner {
  readonly options: SpaceOptions
  readonly manifest: Manifest
  readonly clock: Clock
  readonly logs: LogStore
  readonly databaseName: string
}

/**
 * @param clock how the space's clock stands now
 * @throws LocalError when the data folder is in use or cannot be used, or the server cannot be reached
 */
export async function openDatabase(owner: DatabaseOwner, clock: ClockState): Promise<OpenDatabase> {
  const engine = await openEngine(owner, clock)
  const opened: OpenDatabase = {
    database: engine.database,
    connect: () => engine.connect(),
    setClock: (state) => void engine.setClock(state),
    seed: () => seed(owner, engine.database),
    close: () => engine.close(),
  }
  try {
    await opened.seed()
    await openToClients(owner, engine)
  } catch (error) {
    await opened.close()
    throw error
  }
  return opened
}

// internals

async function openEngine(owner: DatabaseOwner, clock: ClockState): Promise<ConnectedDatabase> {
  const { database, storage, data } = owner.options
  try {
    return await connectDatabase(database, {
      directory: path.join(data, 'database'),
      storage,
      clock,
      warn: (text) => remark(owner, 'warn', text),
    })
  } catch (error) {
    throw refusal(error)
  }
}

/** `dbPort`: tools such as mongosh and Compass look into the embedded database. */
async function openToClients(owner: DatabaseOwner, opened: ConnectedDatabase): Promise<void> {
  const { database, dbPort } = owner.options
  if (dbPort === undefined) return
  if (database !== 'embedded' && database !== 'memory') {
    remark(owner, 'warn', 'dbPort is left alone: MongoDB clients reach the configured server directly')
    return
  }
  const { uris } = await opened.listen({ host: '127.0.0.1', port: dbPort })
  remark(owner, 'info', `MongoDB clients reach the database at ${uris.join(', ')}`)
}

async function seed(owner: DatabaseOwner, database: DocumentDatabase): Promise<void> {
  const faulty = new Set<string>()
  const outcome = await seedDatabase({
    database,
    name: owner.databaseName,
    provider: owner.manifest.provider,
    files: owner.manifest.databaseFiles,
    clock: owner.clock,
    report: ({ severity, collection, message, path: file, line }) => {
      if (severity === 'error' && collection !== undefined) faulty.add(collection)
      remark(
        owner,
        severity === 'error' ? 'error' : 'warn',
        `${message} (${path.relative(owner.manifest.root, file)}${line === undefined ? '' : `:${line}`})`,
      )
    },
  })
  for (const text of limitRemarks(outcome, databaseProfiles[owner.manifest.provider]))
    remark(owner, 'warn', text)
  // The collection is there now, so that the next start passes over its files.
  for (const name of Object.keys(outcome.seeded).filter((name) => faulty.has(name))) {
    remark(
      owner,
      'warn',
      `${name} was made without what could not be used; once its files are mended: unicloud-local db reset ${name}`,
    )
  }
}

function remark(owner: DatabaseOwner, level: 'info' | 'warn' | 'error', text: string): void {
  owner.logs.append({ time: owner.clock.now(), level, channel: 'system', text })
}

/** The engine's own codes for a folder it cannot have or cannot use. */
const folderFailures: Record<number, { code: LocalErrorCode; hint: string }> = {
  98: { code: 'DATA_IN_USE', hint: 'stop the other one, or give this one a folder of its own with --data' },
  96: { code: 'DATA_UNUSABLE', hint: 'see the message; --data names another folder' },
}

function refusal(error: unknown): unknown {
  const { code, message } = error as { code?: number; message: string }
  const failure = code === undefined ? undefined : folderFailures[code]
  return failure ? new LocalError(failure.code, message, { hint: failure.hint, cause: error }) : error
}
