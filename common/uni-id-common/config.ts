/** From the configuration file to what holds for one client: its application, its platform (spec/uni-id.md §4). */
import type { Client } from './client.ts'
import { configError } from './config-error.ts'

/** Times in seconds. */
export interface UniIdConfig {
  tokenSecret: string
  tokenExpiresIn: number
  /** A token that lasts less long is renewed by checkToken; 0: never. */
  tokenExpiresThreshold: number
  /** Tokens kept in a user's record. */
  maxTokenLength: number
}

/**
 * @param file content of config.json, or the `config` of createInstance
 * @throws Error when no entry fits the application, or the entry is incomplete
 */
export function configFor(client: Client, file: object): UniIdConfig {
  const entry = entryFor(client.appId, file)
  return checked({ ...defaults, ...entry, ...platformPart(entry, client.platform) })
}

// internals

type Entry = Record<string, unknown>

const place = 'uniCloud/cloudfunctions/common/uni-config-center/uni-id/config.json'

const defaults = { tokenExpiresIn: 7200, tokenExpiresThreshold: 1200, maxTokenLength: 10 }

/** Platforms of one name: an app is an app, whatever it was built with. */
const platformNames: Readonly<Record<string, string>> = {
  'app-plus': 'app',
  'app-android': 'app',
  'app-ios': 'app',
  h5: 'web',
}

/** Names that older configurations use; the new name wins where both are. */
const oldPlatformNames: Readonly<Record<string, string>> = { app: 'app-plus', web: 'h5' }

/** A list has an entry for each application. Some readers of JSON turn lists into objects with numeric keys. */
function entryFor(appId: string | undefined, file: object): Entry {
  if (!Array.isArray(file) && !Object.hasOwn(file, '0')) return file as Entry
  const entries = Object.values(file).filter(isEntry)
  const entry =
    entries.find(({ dcloudAppid }) => dcloudAppid === appId && appId !== undefined) ??
    entries.find(({ isDefaultConfig }) => isDefaultConfig)
  if (entry) return entry
  throw configError(
    `Config for current app (${appId}) was not found, please check your config file or client appId`,
    appId === undefined
      ? 'the call carries no appId (a URL, a timer): set context.APPID, or give one entry "isDefaultConfig": true'
      : 'add an entry with this dcloudAppid to uni-id/config.json, or give one entry "isDefaultConfig": true',
  )
}

function platformPart(entry: Entry, platform = ''): Entry {
  const name = platformNames[platform] ?? platform
  return { ...partOf(entry, oldPlatformNames[name]), ...partOf(entry, name) }
}

function partOf(entry: Entry, name: string | undefined): Entry {
  const part = name !== undefined && Object.hasOwn(entry, name) ? entry[name] : undefined
  return isEntry(part) ? part : {}
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checked(config: Entry & typeof defaults): UniIdConfig {
  for (const name of ['tokenSecret', 'tokenExpiresIn']) {
    if (config[name]) continue
    throw configError(
      `Config parameter missing, ${name} is required, please check your config file ${place}`,
      'a list or a platform part of the file may be the one that lacks it',
    )
  }
  const { tokenSecret, tokenExpiresIn } = config
  const tokenExpiresThreshold = config.tokenExpiresThreshold ?? 0
  if (typeof tokenSecret !== 'string') throw wrongType('tokenSecret', 'a string')
  if (typeof tokenExpiresIn !== 'number') throw wrongType('tokenExpiresIn', 'a number of seconds')
  if (typeof tokenExpiresThreshold !== 'number')
    throw wrongType('tokenExpiresThreshold', 'a number of seconds')
  if (tokenExpiresThreshold >= tokenExpiresIn) {
    throw configError(
      'Config error, tokenExpiresThreshold should be less than tokenExpiresIn',
      `they are ${tokenExpiresThreshold} and ${tokenExpiresIn}; without a threshold in the file it is ${defaults.tokenExpiresThreshold}`,
    )
  }
  return { tokenSecret, tokenExpiresIn, tokenExpiresThreshold, maxTokenLength: Number(config.maxTokenLength) }
}

/** Without this a number in quotes makes tokens that never expire. */
function wrongType(name: string, wanted: string): Error {
  return configError(`Config error, ${name} should be ${wanted}`, `mend it in ${place}`)
}
