/**
 * The option table: every setting of a space, declared once. Command line, environment, configuration file,
 * defaults, checks and `--help` are all read from here (shared style, "Absorb").
 */
import type { UserConfig } from './options.ts'

type Simple = 'string' | 'boolean' | 'integer' | 'path'

/** One setting that can be given on the command line and in the environment, not only in the file. */
export interface OptionRow {
  key: keyof UserConfig & string
  type: Simple
  /** Closed list of values. */
  choices?: readonly string[]
  min?: number
  max?: number
  default?: string | number | boolean
  /** Long flag without dashes; a `no-` flag switches a boolean off. */
  flag: string
  /** Placeholder of the value in `--help`. */
  value?: string
  env: string
  help: string
  /** Only these commands know the flag; default: all that open a space. */
  commands?: readonly string[]
}

export const optionTable: readonly OptionRow[] = [
  {
    key: 'project',
    type: 'path',
    flag: 'project',
    value: 'DIR',
    env: 'UNICLOUD_LOCAL_PROJECT',
    help: 'project folder (default: the current folder)',
  },
  {
    key: 'provider',
    type: 'string',
    choices: ['aliyun', 'tencent', 'alipay', 'dcloud'],
    flag: 'provider',
    value: 'P',
    env: 'UNICLOUD_LOCAL_PROVIDER',
    help: 'whose rules and limits apply (default: by the project folder, else aliyun)',
  },
  {
    key: 'spaceId',
    type: 'string',
    default: 'local-space',
    flag: 'space-id',
    value: 'ID',
    env: 'UNICLOUD_LOCAL_SPACE_ID',
    help: 'id of this space, as context.SPACEINFO shows it',
  },
  {
    key: 'port',
    type: 'integer',
    min: 0,
    max: 65_535,
    default: 7100,
    flag: 'port',
    value: 'N',
    env: 'UNICLOUD_LOCAL_PORT',
    help: 'port to listen on; 0 picks a free one',
  },
  {
    key: 'host',
    type: 'string',
    default: '127.0.0.1',
    flag: 'host',
    value: 'H',
    env: 'UNICLOUD_LOCAL_HOST',
    help: 'address to listen on',
  },
  {
    key: 'data',
    type: 'path',
    flag: 'data',
    value: 'DIR',
    env: 'UNICLOUD_LOCAL_DATA',
    help: 'state folder (default: .unicloud-local in the project)',
  },
  {
    key: 'database',
    type: 'string',
    default: 'embedded',
    flag: 'database',
    value: 'D',
    env: 'UNICLOUD_LOCAL_DATABASE',
    help: '"embedded", "memory" (nothing is kept), "mongod" or a mongodb:// URI',
  },
  {
    key: 'dbPort',
    type: 'integer',
    min: 0,
    max: 65_535,
    flag: 'db-port',
    value: 'N',
    env: 'UNICLOUD_LOCAL_DB_PORT',
    help: 'opens the embedded database to MongoDB clients at 127.0.0.1:N; 0 picks a free port',
  },
  {
    key: 'storage',
    type: 'string',
    choices: ['journal', 'lmdb'],
    default: 'journal',
    flag: 'storage',
    value: 'S',
    env: 'UNICLOUD_LOCAL_STORAGE',
    help: 'how the embedded database keeps documents: "journal" (in memory, saved) or "lmdb" (in a file)',
  },
  {
    key: 'redis',
    type: 'string',
    default: 'memory',
    flag: 'redis',
    value: 'R',
    env: 'UNICLOUD_LOCAL_REDIS',
    help: '"memory", "none" or a redis:// URL',
  },
  {
    key: 'timers',
    type: 'boolean',
    default: true,
    flag: 'no-timers',
    env: 'UNICLOUD_LOCAL_TIMERS',
    help: 'do not fire timer triggers',
  },
  {
    key: 'timeouts',
    type: 'boolean',
    default: true,
    flag: 'no-timeout',
    env: 'UNICLOUD_LOCAL_TIMEOUTS',
    help: 'switch function time limits off, for breakpoints',
  },
  {
    key: 'isolation',
    type: 'string',
    choices: ['thread', 'process', 'in-process'],
    default: 'thread',
    flag: 'isolation',
    value: 'KIND',
    env: 'UNICLOUD_LOCAL_ISOLATION',
    help: 'what an instance is: "thread", "process" or "in-process" (debugging)',
  },
  {
    key: 'returnPolicy',
    type: 'string',
    choices: ['continue', 'provider'],
    flag: 'return-policy',
    value: 'POLICY',
    env: 'UNICLOUD_LOCAL_RETURN_POLICY',
    help: 'work after the return of a call: "continue" (default), or as the "provider" does (takes --isolation process)',
  },
  {
    key: 'builtins',
    type: 'boolean',
    default: true,
    flag: 'no-builtins',
    env: 'UNICLOUD_LOCAL_BUILTINS',
    help: 'leave out the cloud objects and modules that ship with us',
  },
  {
    key: 'looseModules',
    type: 'boolean',
    default: false,
    flag: 'loose-modules',
    env: 'UNICLOUD_LOCAL_LOOSE_MODULES',
    help: 'public modules resolve even when package.json does not declare them',
  },
  {
    key: 'network',
    type: 'string',
    choices: ['allow', 'loopback', 'deny'],
    default: 'allow',
    flag: 'network',
    value: 'POLICY',
    env: 'UNICLOUD_LOCAL_NETWORK',
    help: 'where functions may send requests: "allow", "loopback" or "deny"',
  },
  {
    key: 'sandbox',
    type: 'boolean',
    flag: 'sandbox',
    env: 'UNICLOUD_LOCAL_SANDBOX',
    help: 'payment platforms are simulated on this machine (default with dev)',
    commands: ['dev'],
  },
  {
    key: 'sandboxKeys',
    type: 'string',
    choices: ['space', 'published'],
    default: 'space',
    flag: 'sandbox-keys',
    value: 'KIND',
    env: 'UNICLOUD_LOCAL_SANDBOX_KEYS',
    help: 'merchants of the payment sandbox: of this "space" alone, or the "published" ones, the same on every machine',
    commands: ['dev', 'alone', 'keys'],
  },
  {
    key: 'requestLog',
    type: 'string',
    choices: ['full', 'quiet'],
    default: 'full',
    flag: 'request-log',
    value: 'MODE',
    env: 'UNICLOUD_LOCAL_REQUEST_LOG',
    help: '"full": one line a call; "quiet": failures and prints only',
  },
]
