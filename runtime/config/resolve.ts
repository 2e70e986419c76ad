/**
 * Options of a space from their four sources. Precedence: flags > environment > configuration file > defaults.
 * Every wrong value says where it came from, what is allowed, and stops the start.
 */
import path from 'node:path'
import { LocalError, type SourcePlace } from '../../errors/errors.ts'
import { standpoint } from '../project/cloud-folders.ts'
import type { LoadedConfig } from './load-file.ts'
import { maskSecrets } from './mask-secrets.ts'
import type { SpaceOptions, UserConfig } from './options.ts'
import { type OptionRow, optionTable } from './table.ts'

export interface OptionSources {
  /** Parsed command line, by option key. */
  flags?: Partial<Record<keyof UserConfig, unknown>>
  /** Usually `process.env`. */
  env?: Readonly<Record<string, string | undefined>>
  /** The configuration file, as `loadConfigFile` gave it. */
  file?: LoadedConfig
  /** What a command takes where no source says otherwise; stands above the table's defaults. */
  defaults?: UserConfig
  /** Folder that relative paths of flags and environment start from. */
  cwd: string
}

/**
 * Merges and checks.
 * @throws LocalError `CONFIG_INVALID` or `USAGE`, naming source, option, value and what is allowed
 */
export function resolveOptions(sources: OptionSources): SpaceOptions {
  const file = sources.file?.config ?? {}
  const merged: Record<string, unknown> = { ...file }
  for (const row of optionTable) {
    const value = pick(row, sources, file)
    if (value !== undefined) merged[row.key] = value
  }
  return complete(merged as UserConfig)
}

// internals

/** The winning value of one row, parsed and checked. */
function pick(row: OptionRow, sources: OptionSources, file: UserConfig): unknown {
  const flag = sources.flags?.[row.key]
  if (flag !== undefined) return check(row, flag, `--${row.flag}`, sources.cwd)
  const env = sources.env?.[row.env]
  if (env !== undefined && env !== '') return check(row, env, row.env, sources.cwd)
  const fromFile = file[row.key]
  if (fromFile !== undefined && sources.file) {
    return check(row, fromFile, row.key, path.dirname(sources.file.path), { file: sources.file.path })
  }
  return sources.defaults?.[row.key] ?? row.default
}

function check(row: OptionRow, value: unknown, source: string, base: string, where?: SourcePlace): unknown {
  const wrong = (allowed: string): LocalError =>
    new LocalError(where ? 'CONFIG_INVALID' : 'USAGE', `${source} is ${JSON.stringify(value)}: ${allowed}`, {
      ...(where ? { where } : {}),
    })
  switch (row.type) {
    case 'integer': {
      const number = typeof value === 'number' ? value : Number(String(value).trim() || Number.NaN)
      const [min, max] = [row.min ?? 0, row.max ?? Number.MAX_SAFE_INTEGER]
      if (!Number.isInteger(number) || number < min || number > max) {
        throw wrong(`a whole number from ${min} to ${max} is allowed`)
      }
      return number
    }
    case 'boolean': {
      if (typeof value === 'boolean') return value
      if (/^(1|true|yes|on)$/i.test(String(value))) return true
      if (/^(0|false|no|off)$/i.test(String(value))) return false
      throw wrong('true or false is allowed')
    }
    case 'path':
      return path.resolve(base, String(value))
    case 'string': {
      const text = String(value)
      if (row.choices && !row.choices.includes(text))
        throw wrong(`one of ${row.choices.join(', ')} is allowed`)
      return text
    }
  }
}

/** Fills what no source gave. */
function complete(config: UserConfig): SpaceOptions {
  const project = config.project ?? process.cwd()
  return {
    project,
    spaceId: config.spaceId ?? 'local-space',
    host: config.host ?? '127.0.0.1',
    port: config.port ?? 7100,
    data: config.data ?? path.join(standpoint(project).root, '.unicloud-local'),
    database: checkDatabase(config.database ?? 'embedded'),
    storage: config.storage ?? 'journal',
    redis: checkRedis(config.redis ?? 'memory'),
    timers: config.timers ?? true,
    timeouts: config.timeouts ?? true,
    isolation: config.isolation ?? 'thread',
    maxInstances: config.maxInstances ?? 20,
    maxQueue: config.maxQueue ?? 1000,
    builtins: config.builtins ?? true,
    looseModules: config.looseModules ?? false,
    allowNewerOperators: config.allowNewerOperators ?? false,
    network: config.network ?? 'allow',
    hostMap: config.hostMap ?? {},
    env: config.env ?? {},
    sandbox: config.sandbox ?? false,
    sandboxKeys: config.sandboxKeys ?? 'space',
    requestLog: config.requestLog ?? 'full',
    http: {
      cors: config.http?.cors ?? ['localhost:*', '127.0.0.1:*', '[::1]:*'],
      trustProxy: config.http?.trustProxy ?? false,
      base64: config.http?.base64 ?? 'auto',
      aliyunDefaultDomain: config.http?.aliyunDefaultDomain ?? false,
    },
    client: {
      strictSignature: config.client?.strictSignature ?? false,
      clientSecret: config.client?.clientSecret ?? 'local-secret',
    },
    stubs: config.stubs ?? {},
    spaces: Object.fromEntries(
      Object.entries(config.spaces ?? {}).map(([id, folder]) => [
        id,
        path.resolve(standpoint(project).root, folder),
      ]),
    ),
    ...(config.dbPort !== undefined ? { dbPort: config.dbPort } : {}),
    ...(config.privateFiles ? { privateFiles: config.privateFiles } : {}),
    ...(config.provider ? { provider: config.provider } : {}),
    ...(config.returnPolicy ? { returnPolicy: config.returnPolicy } : {}),
    ...(config.idleMs !== undefined ? { idleMs: config.idleMs } : {}),
    ...(config.timeZone ? { timeZone: config.timeZone } : {}),
  }
}

function checkDatabase(value: string): string {
  if (['embedded', 'memory', 'mongod'].includes(value) || /^mongodb(\+srv)?:\/\//.test(value)) return value
  throw new LocalError('USAGE', `database is ${JSON.stringify(maskSecrets(value))}`, {
    hint: '"embedded", "memory", "mongod" or a mongodb:// URI is allowed',
  })
}

function checkRedis(value: string): string {
  if (value === 'memory' || value === 'none' || /^rediss?:\/\//.test(value)) return value
  throw new LocalError('USAGE', `redis is ${JSON.stringify(maskSecrets(value))}`, {
    hint: '"memory", "none" or a redis:// URL is allowed',
  })
}
