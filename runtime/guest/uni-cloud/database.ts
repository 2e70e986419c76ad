/** `uniCloud.database()` (spec/database.md): the fluent API over this instance's connection to the space's database. */
import type { MessagePort } from 'node:worker_threads'
import type { CallOptions, Command, DocumentDatabase, Reply } from '../../../database/command.ts'
import type { GuestRuntime } from '../guest-context.ts'
import type { DatabaseApi, ObjectIdSource } from './database-client.ts'
import { invalidParam } from './error.ts'
import { LazySession } from './lazy-session.ts'
import { otherSpace } from './other-space.ts'
import { asUniCloudError } from './outbox.ts'
import { packages } from './packages.ts'

/** Makes `db` objects; they share one connection, which opens with the first operation. */
export class Databases {
  readonly #runtime: GuestRuntime
  #ids: ObjectIdSource | undefined
  #own: DatabaseApi | undefined
  readonly #others = new Map<string, DatabaseApi>()

  constructor(runtime: GuestRuntime) {
    this.#runtime = runtime
  }

  /**
   * `uniCloud.database(init)`.
   *
   * @param init `spaceId` of another space; without it, this one
   * @throws UniCloudError INVALID_PARAM when that space cannot be used (spec/database.md §3)
   */
  database(init?: { spaceId?: string }): DatabaseApi {
    const spaceId = init?.spaceId
    if (spaceId !== undefined && !this.#isOwn(spaceId)) {
      try {
        otherSpace(this.#runtime, spaceId)
      } catch (error) {
        throw invalidParam((error as Error).message)
      }
    }
    return this.of(spaceId)
  }

  /** The same for `uniCloud.init(…).database()`, whose operations reject when that space cannot be used. */
  of(spaceId: string | undefined): DatabaseApi {
    if (spaceId === undefined || this.#isOwn(spaceId)) {
      this.#own ??= this.#create(new LazyDatabase(() => connect(this.#runtime)))
      return this.#own
    }
    let other = this.#others.get(spaceId)
    if (!other) {
      other = this.#create(new LazyDatabase(() => connectOther(this.#runtime, spaceId)))
      this.#others.set(spaceId, other)
    }
    return other
  }

  // internals

  #isOwn(spaceId: string): boolean {
    return spaceId === '' || spaceId === this.#runtime.space.spaceId
  }

  #create(database: DocumentDatabase): DatabaseApi {
    const runtime = this.#runtime
    const { space } = runtime
    const { createDatabaseApi, ObjectIdSource } = packages.databaseClient()
    this.#ids ??= new ObjectIdSource(runtime.clock)
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

// internals

async function connect(runtime: GuestRuntime): Promise<DocumentDatabase> {
  // A relayed port has what the client uses of a real one.
  return open(runtime, (await runtime.databasePort()) as unknown as MessagePort)
}

/** The host knows what the database of the other space is called. */
async function connectOther(runtime: GuestRuntime, spaceId: string): Promise<DocumentDatabase> {
  otherSpace(runtime, spaceId)
  const answer = runtime.request('database', 'connect', [spaceId]).catch((error) => {
    throw asUniCloudError(error)
  })
  const { port, databaseName } = (await answer) as { port: MessagePort; databaseName: string }
  const database = open(runtime, port)
  return {
    kind: database.kind,
    command: (_, command, options) => database.command(databaseName, command, options),
    startSession: () => database.startSession(),
    describe: () => database.describe(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

function open(runtime: GuestRuntime, port: MessagePort): DocumentDatabase {
  const database = new (packages.databaseClient().PortDatabase)(port)
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
