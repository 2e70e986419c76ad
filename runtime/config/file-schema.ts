/** Checks the content of a configuration file; unknown and mistyped members are named with what is allowed. */
import { z } from 'zod'
import { LocalError } from '../../errors/errors.ts'
import type { JsonSource } from '../project/json-source.ts'
import { wrongMembers } from '../wrong-members.ts'
import type { UserConfig } from './options.ts'

const port = z.int().min(0).max(65_535)
const textMap = z.record(z.string(), z.string())
const failure = z.strictObject({ errCode: z.union([z.string(), z.number()]), errMsg: z.string().optional() })

const schema = z.strictObject({
  project: z.string(),
  provider: z.enum(['aliyun', 'tencent', 'alipay', 'dcloud']),
  spaceId: z.string().min(1),
  host: z.string().min(1),
  port,
  data: z.string(),
  database: z.string(),
  dbPort: port,
  storage: z.enum(['journal', 'lmdb']),
  redis: z.string(),
  timers: z.boolean(),
  timeouts: z.boolean(),
  isolation: z.enum(['thread', 'process', 'in-process']),
  returnPolicy: z.enum(['continue', 'provider']),
  maxInstances: z.int().min(1).max(1000),
  maxQueue: z.int().min(0).max(1_000_000),
  idleMs: z.int().min(0),
  builtins: z.boolean(),
  looseModules: z.boolean(),
  allowNewerOperators: z.boolean(),
  network: z.enum(['allow', 'loopback', 'deny']),
  hostMap: z.record(z.string(), z.string().refine(isBaseUrl, 'a base URL such as "http://127.0.0.1:9000"')),
  env: textMap,
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as "UTC" or "Asia/Shanghai"'),
  sandbox: z.boolean(),
  sandboxKeys: z.enum(['space', 'published']),
  requestLog: z.enum(['full', 'quiet']),
  http: z
    .strictObject({
      cors: z.array(z.string()),
      trustProxy: z.union([z.boolean(), z.array(z.string())]),
      base64: z.enum(['auto', 'always', 'never-for-text']),
      aliyunDefaultDomain: z.boolean(),
    })
    .partial(),
  client: z.strictObject({ strictSignature: z.boolean(), clientSecret: z.string().min(1) }).partial(),
  privateFiles: z.array(z.string().min(1)),
  stubs: z.record(
    z.string(),
    z.strictObject({ fail: failure.optional(), result: z.unknown() }).partial({ result: true }),
  ),
  spaces: textMap,
})

/**
 * @param config what the file exports
 * @param source the file, for messages; one of JSON tells where its members stand
 * @throws LocalError `CONFIG_INVALID` with every wrong member in one message
 */
export function checkFileConfig(config: unknown, source: { file: string } | JsonSource): UserConfig {
  const result = schema.partial().safeParse(config, { reportInput: true })
  if (result.success) return result.data as UserConfig
  const wrong = wrongMembers(result.error.issues, 'what the file exports', isSecret)
  const first = wrong[0]
  const where = 'place' in source && first ? source.place(first.path, 'key') : { file: source.file }
  throw new LocalError('CONFIG_INVALID', wrong.map(({ text }) => text).join('; '), {
    where,
    hint: 'every member is described by the type of defineConfig, see docs/configuration.md',
  })
}

// internals

/** Values that a log, which is passed on when somebody asks for help, must not show. */
function isSecret([member]: readonly (string | number)[]): boolean {
  return ['client', 'env', 'database', 'redis'].includes(String(member))
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && search === '' && hash === ''
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
