/**
 * The messages between an instance (guest) and its host. Both sides import this file and nothing else of each
 * other. The carrier may be a worker thread, a child process or a direct call; messages are plain data either way.
 */
import type { ClockState } from '../clock/adjustable-clock.ts'
import type { CallFailure, CallSource, ClientInfo, Payload, ResultValue } from './invocation.ts'
import type { FunctionEntry, ModuleEntry, ProviderName } from './project/manifest.ts'

/** What an instance must know of its space, once. */
export interface GuestSpace {
  spaceId: string
  provider: ProviderName
  /** Real cloud: `cloud`; ours: `local`. */
  runtimeEnv: 'local' | 'cloud'
  /** Public modules of the project by name. */
  modules: Record<string, ModuleEntry>
  /** Names of all functions and objects with their kind: `importObject` of a plain function fails at once. */
  functions: Record<string, 'cloudfunction' | 'cloudobject'>
  projectRoot: string
  /** Undeclared public modules resolve too (`--loose-modules`). */
  looseModules: boolean
  /** Folder of the transform cache shared with the host. */
  transformCache: string
  /** A debugger may attach: transformed code carries its source map then. */
  debugged?: boolean
  /** Outbound host map of `httpclient`: host (and port) -> base URL (shared design, decision 5). */
  hostMap: Record<string, string>
  network: 'allow' | 'loopback' | 'deny'
  redis: { kind: 'none' | 'memory' | 'url'; url?: string }
  /** MongoDB database name behind `uniCloud.database()`. */
  databaseName: string
  allowNewerOperators: boolean
  clock: ClockState
  /** Other configured spaces by id, for `uniCloud.init` and `database({spaceId})`. */
  otherSpaces: string[]
  /** Base URL of this server, for storage URLs; before it listens, the one it is expected to have. */
  publicUrl?: string
  /** Signs URLs and upload forms of file storage; some of them must be made without asking the host. */
  storageSecret?: string
}

/** A call as the guest gets it: everything filled in. */
export interface GuestCall {
  requestId: string
  payload: Payload
  source: CallSource
  clientInfo?: ClientInfo
  uniIdToken?: string
  clientIP: string
  userAgent: string
  ancestors: readonly string[]
  /** Machine time (epoch ms) at which the host gives up; the guest uses it for its own waits only. */
  deadline: number
}

/** Host -> guest. */
export type HostMessage =
  /** To an instance that is nobody's yet: its function will probably use the database. */
  | { t: 'warm' }
  /** Turns a warm, empty instance into one of this function. */
  | { t: 'load'; space: GuestSpace; entry: FunctionEntry }
  /**
   * `json` is a `GuestCall` as JSON text: what JSON cannot carry never reaches user code, whatever the carrier, and
   * one string crosses threads faster than the object. A call with a `slot` has to be claimed
   * (claims.ts); one handed `ahead` waits for those before it.
   */
  | { t: 'call'; id: number; json: string; slot?: number | undefined; ahead?: true }
  /** Answer to a `request`. */
  | { t: 'reply'; id: number; ok: true; value: unknown }
  | { t: 'reply'; id: number; ok: false; error: BridgeError }
  /** The space's clock was moved. */
  | { t: 'clock'; clock: ClockState }
  /** Parts of the space that may change while the instance lives. */
  | { t: 'space'; change: Partial<Pick<GuestSpace, 'functions' | 'publicUrl'>> }
  /** For the database connection of an instance that can be handed no port (processes). */
  | { t: 'port'; data: unknown }
  /** No more calls will come: finish what runs, close connections, answer `drained`. */
  | { t: 'drain' }

/** Guest -> host. */
export type GuestMessage =
  /** The runtime is up and waits for `load`. */
  | { t: 'ready' }
  /** User code is loaded; `files` are all project files it read so far. */
  | { t: 'loaded'; files: string[]; methods: string[]; hasTiming: boolean; warnings: string[] }
  /** User code could not be loaded. The instance answers every call with this failure. */
  | {
      t: 'load-failed'
      files: string[]
      /** `stack` is for the log: with the source lines around the place. */
      failure: { errCode: string; errMsg: string; stack?: string }
    }
  /** Files loaded later by dynamic `require`. */
  | { t: 'files'; files: string[] }
  /** The call returned this JSON text; the common case, kept small. */
  | { t: 'value'; id: number; text: string; ms: number }
  /** Any other end of a call. `ms`: how long the code took. */
  | { t: 'result'; id: number; end: CallEnd; ms: number }
  /** A service of the host is asked: `service` names it, `method` and `args` are its own business. */
  | { t: 'request'; id: number; requestId: string; service: BridgeService; method: string; args: unknown[] }
  | { t: 'log'; entry: GuestLog }
  /** For the database connection, see the message of the same name to the guest. */
  | { t: 'port'; data: unknown }
  | { t: 'drained' }

/** What came of a call, before the host adds the request id. */
export type CallEnd = { ok: true; value: ResultValue } | { ok: false; failure: CallFailure }

/** Services behind the bridge. `call`: other functions; `outbox`: recorded stub calls; `database`: when no port could be transferred. */
export type BridgeService = 'call' | 'database' | 'redis' | 'storage' | 'outbox' | 'push'

export interface BridgeError {
  message: string
  code?: string | number
  name?: string
  /** Further own members, such as `errSubject`, `writeErrors`. */
  details?: Record<string, unknown>
}

/** One log line of user code. */
export interface GuestLog {
  time: number
  requestId?: string
  level: 'debug' | 'log' | 'info' | 'warn' | 'error'
  /** Already formatted, objects to depth 20 (spec/runtime.md §17). */
  text: string
  /** `console`: shown and stored; `logger`: stored only; `system`: our own remarks about the user's code. */
  channel: 'console' | 'logger' | 'system'
}

/** How messages travel. Several messages sent in one turn may share one post. */
export interface Channel<Out, In> {
  /** @param transfer ports and buffers handed over, where the carrier can */
  send(message: Out, transfer?: readonly unknown[]): void
  /** One listener; replaces the former. */
  listen(listener: (message: In) => void): void
  close(): void
}
