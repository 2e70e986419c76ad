import {
  type AbstractCursor,
  type ClientSession,
  Collection,
  type CollectionOptions,
  type CommandStartedEvent,
  Db,
  type DbOptions,
  MongoClient,
  type MongoClientOptions,
  ReadPreference,
} from 'mongodb'
import { isDocument } from '../../../database/engine/values/types.ts'
import type { MatchContext } from './matching.ts'
import type { Doc } from './spec-file.ts'

/** An event a client was asked to keep. */
export interface SeenEvent {
  kind: string
  event: Doc
}

/** The clients, databases, collections, sessions and cursors of one test, by name. */
export class Entities implements MatchContext {
  readonly #uri: string
  readonly #entities = new Map<string, unknown>()
  readonly #clients = new Map<string, MongoClient>()
  readonly #sessions = new Map<string, ClientSession>()
  readonly #sessionIds = new Map<string, Doc>()
  readonly #events = new Map<string, SeenEvent[]>()
  readonly #lastSessions = new Map<string, unknown[]>()
  readonly #checkedOut = new Map<string, number>()

  constructor(uri: string) {
    this.#uri = uri
  }

  create(definitions: readonly Doc[]): void {
    for (const definition of definitions) {
      for (const [kind, options] of Object.entries(definition)) this.#create(kind, options as Doc)
    }
  }

  entity(name: string): unknown {
    if (!this.#entities.has(name)) throw new Error(`no entity ${name}`)
    return this.#entities.get(name)
  }

  save(name: string, value: unknown): void {
    this.#entities.set(name, value)
  }

  client(name: string): MongoClient {
    return this.entity(name) as MongoClient
  }

  session(name: string): ClientSession {
    return this.entity(name) as ClientSession
  }

  cursor(name: string): AbstractCursor {
    return this.entity(name) as AbstractCursor
  }

  sessionId(name: string): Doc {
    return this.#sessionIds.get(name)!
  }

  eventsOf(client: string): SeenEvent[] {
    return this.#events.get(client) ?? []
  }

  /** The sessions of the last two commands a client has sent. */
  lastSessions(client: string): unknown[] {
    return (this.#lastSessions.get(client) ?? []).slice(-2)
  }

  checkedOut(client: string): number {
    return this.#checkedOut.get(client) ?? 0
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.endSession()
    for (const client of this.#clients.values()) await client.close()
  }

  // internals

  #create(kind: string, options: Doc): void {
    const id = String(options.id)
    switch (kind) {
      case 'client':
        this.save(id, this.#openClient(id, options))
        break
      case 'database': {
        const { client, databaseName, databaseOptions } = options
        this.save(
          id,
          new Db(this.client(String(client)), String(databaseName), concerns(databaseOptions) as DbOptions),
        )
        break
      }
      case 'collection': {
        const { database, collectionName, collectionOptions } = options
        const db = this.entity(String(database)) as Db
        const collection = db.collection(
          String(collectionName),
          concerns(collectionOptions) as CollectionOptions,
        )
        if (!(collection instanceof Collection)) throw new Error('no collection')
        this.save(id, collection)
        break
      }
      case 'session': {
        const session = this.client(String(options.client)).startSession(
          sessionOptions(options.sessionOptions),
        )
        this.#sessions.set(id, session)
        this.#sessionIds.set(id, session.id as Doc)
        this.save(id, session)
        break
      }
      default:
        throw new Error(`unknown entity ${kind}`)
    }
  }

  #openClient(id: string, options: Doc): MongoClient {
    const { uriOptions = {}, observeEvents = [], ignoreCommandMonitoringEvents = [], serverApi } = options
    const client = new MongoClient(this.#uri, {
      ...(uriOptions as MongoClientOptions),
      ...(serverApi ? { serverApi: serverApi as never } : {}),
      monitorCommands: true,
      // A server that has closed a connection is looked at again at once.
      minHeartbeatFrequencyMS: 5,
      serverSelectionTimeoutMS: 3000,
    })
    const ignored = new Set([...SENSITIVE, ...(ignoreCommandMonitoringEvents as string[])])
    const seen: SeenEvent[] = []
    this.#events.set(id, seen)
    this.#lastSessions.set(id, [])
    for (const [name, kind] of Object.entries(EVENTS)) {
      if (!(observeEvents as string[]).includes(kind)) continue
      client.on(name as 'commandStarted', (event) => {
        if (!ignored.has(event.commandName)) seen.push({ kind, event: snapshot(event) })
      })
    }
    client.on('commandStarted', (event: CommandStartedEvent) => {
      if (!ignored.has(event.commandName)) this.#lastSessions.get(id)!.push(event.command.lsid)
    })
    client.on('connectionCheckedOut', () => this.#checkedOut.set(id, this.checkedOut(id) + 1))
    client.on('connectionCheckedIn', () => this.#checkedOut.set(id, this.checkedOut(id) - 1))
    this.#clients.set(id, client)
    return client
  }
}

/** Concerns as the driver spells them. */
export function concerns(options: unknown): Doc {
  const { readPreference, writeConcern, ...rest } = (options ?? {}) as Doc
  return {
    ...rest,
    ...(readPreference
      ? { readPreference: ReadPreference.fromOptions({ readPreference: readPreference as never }) }
      : {}),
    ...(writeConcern ? { writeConcern: writeConcernOf(writeConcern as Doc) } : {}),
  }
}

// internals

/** The driver goes on using the objects it shows: what counts is what they were. */
function snapshot(event: object): Doc {
  const { commandName, databaseName, command, reply } = event as Doc
  return { commandName, databaseName, command: copy(command), reply: copy(reply) }
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (value instanceof Map) return copy(Object.fromEntries(value))
  if (!isDocument(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)]))
}

const EVENTS = {
  commandStarted: 'commandStartedEvent',
  commandSucceeded: 'commandSucceededEvent',
  commandFailed: 'commandFailedEvent',
  connectionCheckOutStarted: 'connectionCheckOutStartedEvent',
  connectionReady: 'connectionReadyEvent',
  connectionCheckedOut: 'connectionCheckedOutEvent',
  connectionCheckedIn: 'connectionCheckedInEvent',
} satisfies Record<string, string>

/** Commands that tell of the runner, not of the test. */
const SENSITIVE = ['configureFailPoint', 'hello', 'isMaster', 'saslStart', 'saslContinue']

function writeConcernOf({ wtimeoutMS, ...rest }: Doc): Doc {
  return { ...rest, ...(wtimeoutMS === undefined ? {} : { wtimeoutMS, wtimeout: wtimeoutMS }) }
}

function sessionOptions(options: unknown): Doc {
  const { defaultTransactionOptions, ...rest } = (options ?? {}) as Doc
  return {
    ...rest,
    ...(defaultTransactionOptions ? { defaultTransactionOptions: concerns(defaultTransactionOptions) } : {}),
  }
}
