/**
 * The global `uniCloud` of one instance (spec/runtime.md §8). Members are plain functions that need no `this`; packages
 * and connections come with the first use.
 */
import { type ProviderProfile, providers } from '../../provider.ts'
import type { GuestRuntime } from '../guest-context.ts'
import { customAuth } from './custom-auth.ts'
import { Databases } from './database.ts'
import { notSupported } from './error.ts'
import { FunctionCalls } from './function-calls.ts'
import { initI18n } from './i18n.ts'
import { importObject } from './import-object.ts'
import { createLogger } from './logger.ts'
import { createHttpClient } from './network/http-client.ts'
import { httpProxyForEip } from './network/http-proxy-for-eip.ts'
import { Outbound } from './network/outbound.ts'
import { uniRequest } from './network/request.ts'
import { connectSocket } from './network/socket-task.ts'
import { initSpace } from './other-space.ts'
import { publicUrl } from './public-url.ts'
import { redisFactory } from './redis/redis.ts'
import { runningCallsApi } from './running-calls.ts'
import { ai } from './services/ai.ts'
import { pushManager } from './services/push.ts'
import { sendSms } from './services/sms.ts'
import { facialRecognitionVerifyManager, getPhoneNumber, uniVerifyManager } from './services/verify.ts'
import { deserializeSseChannel } from './sse-channel.ts'
import { CloudStorage } from './storage/cloud-storage.ts'
import { ExtStorageManager } from './storage/ext-storage.ts'
import { webSocketServer } from './web-socket-server.ts'

/** Members, and the condition under which they exist. */
interface MemberGroup {
  /** package.json `extensions` must name it. */
  extension?: string
  /** Providers that have it; all when absent. */
  where?: (profile: ProviderProfile) => boolean
  members(runtime: GuestRuntime): object
}

/** @param runtime of the instance */
export function createUniCloud(runtime: GuestRuntime): object {
  const profile = providers[runtime.space.provider]
  const missing = new Map<string, string>()
  const uniCloud: object = Object.create(noticing(runtime, missing))
  for (const group of [...groups, spaceGroup(() => uniCloud)]) {
    const members = group.members(runtime)
    const why = absence(group, runtime, profile)
    if (why === undefined) Object.defineProperties(uniCloud, Object.getOwnPropertyDescriptors(members))
    else for (const name of Object.keys(members)) missing.set(name, why)
  }
  return uniCloud
}

// internals

/** Ours alone, so it is not listed: modules that ship with us ask where this space can be reached. */
function localUrl(runtime: GuestRuntime): object {
  return Object.defineProperty({}, '$localUrl', { get: () => publicUrl(runtime) })
}

const groups: readonly MemberGroup[] = [
  { members: runningCallsApi },
  { members: localUrl },
  {
    members: (runtime) => ({
      logger: createLogger(runtime),
      initI18n,
      deserializeSSEChannel: (channel: unknown) => deserializeSseChannel(runtime, channel),
      redis: redisFactory(runtime),
    }),
  },
  { members: networkMembers },
  { where: (profile) => profile.httpProxyForEip, members: eipMember },
  {
    members: (runtime) => {
      const storage = new CloudStorage(runtime)
      return {
        uploadFile: storage.uploadFile.bind(storage),
        getTempFileURL: storage.getTempFileURL.bind(storage),
        deleteFile: storage.deleteFile.bind(storage),
        downloadFile: storage.downloadFile.bind(storage),
        getFileInfo: storage.getFileInfo.bind(storage),
      }
    },
  },
  {
    where: (profile) => profile.customAuth,
    members: (runtime) => ({ customAuth: () => customAuth(runtime), auth: () => customAuth(runtime) }),
  },
  {
    where: (profile) => profile.webSocketServer,
    members: (runtime) => ({ webSocketServer: () => webSocketServer(runtime) }),
  },
  {
    extension: 'uni-cloud-jql',
    members: () => ({
      databaseForJQL: () => {
        throw notSupported(
          'uniCloud.databaseForJQL is not available yet: this version of unicloud-local has no JQL engine; ' +
            'use uniCloud.database()',
        )
      },
    }),
  },
  {
    extension: 'uni-cloud-ext-storage',
    members: (runtime) => ({
      getExtStorageManager: (options: ConstructorParameters<typeof ExtStorageManager>[1]) =>
        new ExtStorageManager(runtime, options),
    }),
  },
  {
    extension: 'uni-cloud-sms',
    members: (runtime) => ({
      sendSms: (options: Parameters<typeof sendSms>[1]) => sendSms(runtime, options),
    }),
  },
  {
    extension: 'uni-cloud-verify',
    members: (runtime) => ({
      getPhoneNumber: (options: Record<string, unknown>) => getPhoneNumber(runtime, options),
      getFacialRecognitionVerifyManager: (options?: unknown) =>
        facialRecognitionVerifyManager(runtime, options ?? {}),
      getUniVerifyManager: () => uniVerifyManager(runtime),
    }),
  },
  {
    extension: 'uni-cloud-push',
    members: (runtime) => ({ getPushManager: (options?: unknown) => pushManager(runtime, options) }),
  },
  { extension: 'uni-cloud-ai', members: () => ({ ai: ai() }) },
]

/** What also works with another space. `init` needs the object it is a member of. */
function spaceGroup(own: () => object): MemberGroup {
  return {
    members: (runtime) => {
      const databases = new Databases(runtime)
      return {
        ...callMembers(runtime),
        database: (init?: { spaceId?: string }) => databases.database(init),
        init: (options: { spaceId?: unknown }) => {
          const open = (spaceId: string) => ({
            ...callMembers(runtime, spaceId),
            database: () => databases.of(spaceId),
          })
          return initSpace(runtime, own(), open, options)
        },
      }
    },
  }
}

function callMembers(runtime: GuestRuntime, spaceId?: string): object {
  const calls = new FunctionCalls(runtime, spaceId)
  return {
    callFunction: calls.callFunction.bind(calls),
    importObject: (name: unknown) => importObject(calls, name),
  }
}

function networkMembers(runtime: GuestRuntime): object {
  const outbound = new Outbound(runtime.space)
  const client = lazily(() => createHttpClient(outbound))
  return {
    get httpclient() {
      return client()
    },
    request: (options: Parameters<typeof uniRequest>[1]) => uniRequest(client, options),
    connectSocket: (options: Parameters<typeof connectSocket>[2]) =>
      connectSocket(runtime, outbound, options),
  }
}

function eipMember(runtime: GuestRuntime): object {
  const client = lazily(() => createHttpClient(new Outbound(runtime.space)))
  return { httpProxyForEip: httpProxyForEip(runtime, client) }
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function absence(group: MemberGroup, runtime: GuestRuntime, profile: ProviderProfile): string | undefined {
  const { extension, where } = group
  if (where && !where(profile)) return `does not exist on ${profile.name}`
  if (extension === undefined || runtime.entry.extensions.includes(extension)) return undefined
  return `needs its extension: add "extensions": { "${extension}": {} } to the package.json of ${runtime.entry.name}`
}

/** An absent member is `undefined`, as in the cloud; but who reads it is told why, once. */
function noticing(runtime: GuestRuntime, missing: ReadonlyMap<string, string>): object {
  return new Proxy(Object.create(Object.prototype) as object, {
    get(target, key, receiver) {
      const why = typeof key === 'string' ? missing.get(key) : undefined
      if (why !== undefined) runtime.warnOnce(`uniCloud.${String(key)}`, `uniCloud.${String(key)} ${why}`)
      return Reflect.get(target, key, receiver)
    },
  })
}
