/**
 * Options of a space: one typed shape for flags, environment, configuration file and defaults (shared style:
 * "option tables declared once"). `resolve.ts` beside this file merges and checks them.
 */
import type { ProviderName } from '../project/manifest.ts'

/** What a user may write in `unicloud-local.config.ts`; every member is optional. */
export interface UserConfig {
  /** Project folder; default: the current folder. */
  project?: string
  provider?: ProviderName
  spaceId?: string
  host?: string
  /** 0 picks a free one. Default 7100. */
  port?: number
  /** State folder; default `.unicloud-local` in the project. */
  data?: string
  /** `embedded` (default), `memory`, `mongod` or a `mongodb://` URI. */
  database?: string
  /** TCP port on 127.0.0.1 at which MongoDB clients reach the embedded database; default: none. */
  dbPort?: number
  /**
   * How the embedded database keeps documents: `journal` (default) in memory, with files beside it; `lmdb` in one file,
   * for data that should not live in memory.
   */
  storage?: 'journal' | 'lmdb'
  /** `memory` (default), `none`, or a `redis://` URL. */
  redis?: string
  timers?: boolean
  /** Switches function time limits off (debugging). */
  timeouts?: boolean
  isolation?: 'thread' | 'process' | 'in-process'
  /**
   * Work that outlives the return of a call: `continue` (default) lets it go on, with a warning; `provider` freezes
   * the instance where the provider does, which takes `isolation: 'process'`.
   */
  returnPolicy?: 'continue' | 'provider'
  /** Instances per function; default 20. */
  maxInstances?: number
  /** Calls that may wait for an instance, per function; default 1000. */
  maxQueue?: number
  /** Milliseconds an idle instance is kept; default as the provider does. */
  idleMs?: number
  /** Built-in cloud objects and public modules; default true. */
  builtins?: boolean
  looseModules?: boolean
  /** Operators newer than MongoDB 4.0; default false. */
  allowNewerOperators?: boolean
  network?: 'allow' | 'loopback' | 'deny'
  /** Host name -> base URL for outgoing requests of functions. */
  hostMap?: Record<string, string>
  /** Environment variables handed to functions. */
  env?: Record<string, string>
  /** Time zone of functions; default as the provider has it. */
  timeZone?: string
  /** Payment platforms are simulated here: requests to their hosts never leave. Default: with `dev`. */
  sandbox?: boolean
  /** Merchants of the sandbox: of this space alone (default), or published ones that are the same on every machine. */
  sandboxKeys?: 'space' | 'published'
  /** `full` (default), or `quiet`: no line per call. */
  requestLog?: 'full' | 'quiet'
  http?: {
    /** Allowed origins (`host:port`, `*` as wildcard); default localhost, 127.0.0.1 and [::1], any port. */
    cors?: string[]
    /** Addresses or CIDR ranges whose X-Forwarded-For counts; `true` = any. */
    trustProxy?: boolean | string[]
    base64?: 'auto' | 'always' | 'never-for-text'
    aliyunDefaultDomain?: boolean
  }
  client?: {
    /** Checks x-serverless-sign with this secret and refuses what does not match. */
    strictSignature?: boolean
    clientSecret?: string
  }
  /** Beginnings of stored paths whose files are private: their URLs need a signature, see `getTempFileURL`. */
  privateFiles?: string[]
  /** Scripted answers of services that have no back end here (spec/runtime.md §10): service name -> behaviour. */
  stubs?: Record<string, StubBehaviour>
  /** Other spaces reachable with `uniCloud.init({spaceId})`: id -> project folder. */
  spaces?: Record<string, string>
}

/** `fail` makes the stub reject with this code; `result` replaces its success value. */
export interface StubBehaviour {
  fail?: { errCode: string | number; errMsg?: string }
  result?: unknown
}

/** The same, merged and checked: nothing optional but what may really be absent. */
export interface SpaceOptions {
  project: string
  provider?: ProviderName
  spaceId: string
  host: string
  port: number
  data: string
  database: string
  storage: 'journal' | 'lmdb'
  dbPort?: number
  redis: string
  timers: boolean
  timeouts: boolean
  isolation: 'thread' | 'process' | 'in-process'
  returnPolicy?: 'continue' | 'provider'
  maxInstances: number
  maxQueue: number
  idleMs?: number
  builtins: boolean
  looseModules: boolean
  allowNewerOperators: boolean
  network: 'allow' | 'loopback' | 'deny'
  hostMap: Record<string, string>
  env: Record<string, string>
  timeZone?: string
  sandbox: boolean
  sandboxKeys: 'space' | 'published'
  requestLog: 'full' | 'quiet'
  http: {
    cors: string[]
    trustProxy: boolean | string[]
    base64: 'auto' | 'always' | 'never-for-text'
    aliyunDefaultDomain: boolean
  }
  client: { strictSignature: boolean; clientSecret: string }
  privateFiles?: string[]
  stubs: Record<string, StubBehaviour>
  spaces: Record<string, string>
}

/** Types a configuration file: `export default defineConfig({ … })`. */
export function defineConfig(config: UserConfig): UserConfig {
  return config
}
