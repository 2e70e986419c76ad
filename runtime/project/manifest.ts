/**
 * A project, read: what the rest of the runtime knows of it. Plain data, so that it can be sent to an instance,
 * shown by the control API and compared between reloads (spec/runtime.md §1, spec/http.md §1).
 */
import type { SourcePlace } from '../../errors/errors.ts'

export type FunctionKind = 'cloudfunction' | 'cloudobject'

/** Something wrong in the project. An error takes down the function it names, or the space when it names none. */
export interface ProjectProblem {
  severity: 'error' | 'warning'
  message: string
  where?: SourcePlace
  hint?: string
}

/** `cloudfunction-config`, validated, with the provider's defaults and limits applied (spec/runtime.md §1.5). */
export interface FunctionConfig {
  /** Seconds. */
  timeout: number
  /** Seconds, for timer calls (their own maximum). */
  timingTimeout: number
  /** MB. */
  memorySize: number
  concurrency: number
  /** URL path, without a trailing slash; `''` = no URL. */
  path: string
  triggers: TriggerConfig[]
  runtime?: string
  keepRunningAfterReturn: boolean
}

export interface TriggerConfig {
  name: string
  type: string
  /** Cron expression as written. */
  config: string
}

/** One cloud function or cloud object. */
export interface FunctionEntry {
  name: string
  kind: FunctionKind
  /** Absolute folder and entry file. */
  dir: string
  entry: string
  /** `project`, the name of the uni_modules plug-in it lies in, or `builtin`. */
  origin: string
  config: FunctionConfig
  /** Keys of package.json `extensions`. */
  extensions: string[]
  /** package.json `dependencies`: name -> version or `file:` path, as written. */
  dependencies?: Record<string, string>
  /** Run-parameter file, when there is one (spec/runtime.md §1.6). */
  paramFile?: string
  problems: ProjectProblem[]
}

/** One public module (`common/<name>`). */
export interface ModuleEntry {
  name: string
  /** The real folder; for `uni-config-center` the merged overlay folder. */
  dir: string
  origin: string
  /** package.json `dependencies`: name -> version or `file:` path, as written. */
  dependencies?: Record<string, string>
  /** Its package.json has `exports`, whose rules then hold for sub-paths. */
  hasExports?: true
  /** Folders an overlay was merged from, the winning one first; absent when `dir` is the folder itself. */
  sources?: string[]
}

/** A clientDB action (`uni-clientDB-actions/<name>.js`). */
export interface ClientAction {
  name: string
  path: string
  origin: string
}

/** A file of the `database/` folders, handed to the database part. */
export interface DatabaseFile {
  collection: string
  kind: 'schema' | 'index' | 'init_data' | 'schema-ext' | 'validate-function' | 'db_init'
  path: string
  origin: string
}

export interface Manifest {
  /** The folder the user named or stood in. */
  root: string
  /** Cloud folders in use: `uniCloud-aliyun`, each plug-in's `uniCloud`, our own folders. */
  cloudRoots: string[]
  provider: ProviderName
  /** By name; also those with errors, so that a call can answer what is wrong with them. */
  functions: Record<string, FunctionEntry>
  modules: Record<string, ModuleEntry>
  databaseFiles: DatabaseFile[]
  clientActions?: ClientAction[]
  /** Problems of the space as a whole. */
  problems: ProjectProblem[]
}

export type ProviderName = 'aliyun' | 'tencent' | 'alipay' | 'dcloud'
