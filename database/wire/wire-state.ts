import type { EmbeddedDatabase } from '../engine/engine.ts'
import { NameCache } from '../engine/store/bson-reader.ts'
import { BsonWriter } from '../engine/store/bson-writer.ts'
import { ChangeStreams } from './change-streams.ts'
import { ClusterTime } from './cluster-time.ts'
import type { FailPoints } from './fail-points.ts'
import type { Credentials } from './scram.ts'

/** What the connections of one wire server share. */
export class WireState {
  readonly engine: EmbeddedDatabase
  readonly clusterTime: ClusterTime
  /** Undefined unless the server was started for tests. */
  readonly failPoints: FailPoints | undefined
  /** Undefined when nobody has to say who it is. */
  readonly users: ReadonlyMap<string, Credentials> | undefined
  readonly changeStreams: ChangeStreams
  readonly names = new NameCache()
  readonly writer = new BsonWriter()
  readonly started = performance.now()
  /** Sessions with a transaction that came in here: they end with the server. */
  readonly transactions = new Set<string>()
  /** Gets one line for what the user should know. */
  readonly warn: (text: string) => void
  readonly #unknown = new Set<string>()
  #connections = 0
  #replies = 0
  open = 0

  constructor(
    engine: EmbeddedDatabase,
    users: ReadonlyMap<string, Credentials> | undefined,
    failPoints: FailPoints | undefined,
    warn: (text: string) => void,
  ) {
    this.warn = warn
    this.engine = engine
    this.users = users
    this.failPoints = failPoints
    this.changeStreams = new ChangeStreams(engine.state)
    this.clusterTime = new ClusterTime(engine.state.store, engine.state.clock)
  }

  get now(): Date {
    return new Date(this.engine.state.clock.now())
  }

  /** Connections there have been. */
  get connections(): number {
    return this.#connections
  }

  connectionId(): number {
    return ++this.#connections
  }

  /** Tells, once for each, that a client has asked for a command there is not. */
  unknown(command: string): void {
    if (PROBES.has(command) || this.#unknown.has(command) || this.#unknown.size >= MAX_REMEMBERED) return
    this.#unknown.add(command)
    this.warn(
      `A MongoDB client asked for the command '${command}', which the embedded database does not have`,
    )
  }

  replyId(): number {
    this.#replies = (this.#replies + 1) | 0
    return this.#replies
  }
}

// internals

const MAX_REMEMBERED = 100
/** Commands tools try on any server to find out what kind it is; most have none of them. */
const PROBES: ReadonlySet<string> = new Set([
  'atlasVersion',
  'isdbgrid',
  'getFreeMonitoringStatus',
  'features',
])
