/** `uniCloud.database()` (spec/database.md): the fluent API over this instance's connection to the space's database. */
import type { MessagePort } from 'node:worker_threads'
import { createDatabaseApi, type DatabaseApi, ObjectIdSource } from '../../../database/api/index.ts'
import type { CallOptions, Command, DocumentDatabase, Reply } from '../../../database/command.ts'
import type { GuestRuntime } from '../guest-context.ts'
import { UniCloudError } from './error.ts'
import { LazySession } from './lazy-session.ts'

/** Makes `db` objects; they share one connection, which opens with the first operation. */
export class Databases {
  readonly #runtime: GuestRuntime
  readonly #ids: ObjectIdSource
  #own: DatabaseApi | undefined

  constructor(runtime: GuestRuntime) {
    this.#runtime = runtime
    this.#ids = new ObjectIdSource(runtime.clock)
  }

  /** @param init `spaceId` of another space; without it, this one */
  database(init?: { spaceId?: string }): DatabaseApi {
    const { space } = this.#runtime
    const spaceId = init?.spaceId
    if (spaceId === undefined || spaceId === '' || spaceId === space.spaceId) {
      this.#own ??= this.#create(new LazyDatabase(() => connect(this.#runtime)))
      return this.#own
    }
    return this.#create(new LazyDatabase(() => Promise.reject(unreachableSpace(space.otherSpaces, spaceId))))
  }

  #create(database: DocumentDatabase): DatabaseApi {
    const runtime = this.#runtime
    const { space } = runtime
    return createDatabaseApi({
      database,
      name: space.databaseName,
      provider: space.provider,
      clock: runtime.clock,
      requestId: () => runtime.currentCall()?.call.requestId ?? '',
      warn: (message) => runtime.warnOnce(`database.${message}`, message),
      allowNewerOperators: space.allowNewerOperators,
      ids: this.#ids,
    })
  }
}

/** @returns why a space cannot be reached: another configured one, or one nobody knows */
export function unreachableSpace(known: readonly string[], spaceId: string): UniCloudError {
  const errMsg = known.includes(spaceId)
    ? `space [${spaceId}] is configured, but only its functions and objects can be reached from here`
    : `space [${spaceId}] is unknown here: name it and its project folder under "spaces" in unicloud-local.config.ts`
  return new UniCloudError({ errCode: 'INVALID_SPACE', errMsg })
}

// internals

async function connect(runtime: GuestRuntime): Promise<DocumentDatabase> {
  const [{ PortDatabase }, port] = await Promise.all([
    import('../../../database/engine/port-client.ts'),
    runtime.databasePort(),
  ])
  // A relayed port has what the client uses of a real one.
  const database = new PortDatabase(port as unknown as MessagePort)
  runtime.onDrain(() => database[Symbol.asyncDispose]())
  return database
}

/** Connects with the first command; a failed attempt is repeated by the next. */
class LazyDatabase implements DocumentDatabase {
  readonly kind = 'embedded'
  readonly #connect: () => Promise<DocumentDatabase>
  #connected: Promise<DocumentDatabase> | undefined

  constructor(connect: () => Promise<DocumentDatabase>) {
    this.#connect = connect
  }

  async command(database: string, command: Command, options: CallOptions = {}): Promise<Reply> {
    const connected = await this.open()
    const { session } = options
    if (!(session instanceof LazySession)) return connected.command(database, command, options)
    return connected.command(database, command, { ...options, session: await session.real() })
  }

  startSession(): LazySession {
    return new LazySession(async () => (await this.open()).startSession())
  }

  open(): Promise<DocumentDatabase> {
    this.#connected ??= this.#connect().catch((error) => {
      this.#connected = undefined
      throw error
    })
    return this.#connected
  }

  describe() {
    return { server: 'not connected yet', transactions: true, changeFeed: false }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#connected)?.[Symbol.asyncDispose]()
  }
}
