/**
 * Packages that `uniCloud` needs at once when a member is first used, never before: members such as `httpclient` or
 * `initI18n` answer synchronously, so `import()` cannot bring them. One place, for those who bundle the guest.
 */
import type http from 'node:http'
import type https from 'node:https'
import { createRequire } from 'node:module'
import type { I18n } from '@dcloudio/uni-i18n'
import type { Redis } from 'ioredis'
import type urllib from 'urllib'
import type { WebSocket } from 'ws'
import { builtFile } from '../../package-info.ts'
import type * as databaseClient from './database-client.ts'

const load = createRequire(import.meta.url)

export const packages = {
  /** Node's own, but not among what an instance needs to start. */
  http: () => load('node:http') as typeof http,
  https: () => load('node:https') as typeof https,
  urllib: () => load('urllib') as typeof urllib,
  ws: () => load('ws') as typeof WebSocket,
  i18n: () => load('@dcloudio/uni-i18n') as { I18n: typeof I18n },
  ioredis: () => load('ioredis') as { Redis: typeof Redis },
  databaseClient: () => load(builtFile('guest/database-client.cjs')) as typeof databaseClient,
} as const
