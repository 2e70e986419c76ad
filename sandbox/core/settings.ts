/** What can be switched while the sandbox runs; kept with the space. */
import { LocalError } from '../../errors/errors.ts'
import type { DocumentStore } from './document-store.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

export interface Settings {
  /** Every order pays itself this long after it was made, in ms; null: nobody pays but by hand. */
  autoPayMs: number | null
  /** Whether notifications climb the ladder by themselves. */
  autoRetry: boolean
  /** Origin a merchant names -> origin on this machine that is meant (`https://x.bspapp.com` -> `http://127.0.0.1:7100`). */
  notifyRewrite: Record<string, string>
  /** How long an answer to a notification may take, in ms; null: as the platform has it. */
  notifyTimeoutMs: number | null
  /** How long WeChat refunds stay in processing, in ms. */
  refundDelayMs: number
  /** WeChat refuses to close an order within five minutes. */
  strictClose: boolean
  /** How WeChat Pay V3 signs; `both`: as the request asks for. */
  wechatVerification: 'both' | 'certificate' | 'publicKey'
  /** Form of WeChat's message pushes. */
  pushMode: 'compatible' | 'secure' | 'plain'
  /** Where WeChat's message pushes go: the address entered in the mini program's console. */
  pushUrl: string
  /** Where Apple's server notifications go. */
  appleNotifyUrl: string
}

export const defaultSettings: Settings = {
  autoPayMs: null,
  autoRetry: true,
  notifyRewrite: {},
  notifyTimeoutMs: null,
  refundDelayMs: 0,
  strictClose: false,
  wechatVerification: 'both',
  pushMode: 'compatible',
  pushUrl: '',
  appleNotifyUrl: '',
}

const KIND = 'settings'

export class SettingsKeeper {
  readonly #store: DocumentStore
  readonly #initial: Settings
  #values: Settings

  /** @param initial of a sandbox that nobody has changed anything in */
  constructor(store: DocumentStore, initial: Partial<Settings> = {}) {
    this.#store = store
    this.#initial = { ...defaultSettings, ...initial }
    this.#values = this.#initial
  }

  get values(): Readonly<Settings> {
    return this.#values
  }

  async load(): Promise<void> {
    const [kept] = await this.#store.load<Partial<Settings>>(KIND)
    if (kept) this.#values = { ...this.#initial, ...kept }
  }

  /** @throws LocalError USAGE for a name or value that makes no sense */
  change(wanted: JsonObject): Settings {
    for (const [name, value] of Object.entries(wanted)) check(name, value)
    this.#values = { ...this.#values, ...wanted }
    this.#store.put(KIND, 'settings', this.#values)
    return this.#values
  }

  async clear(): Promise<void> {
    this.#values = this.#initial
    await this.#store.clear([KIND])
  }
}

// internals

const choices: Record<string, readonly string[]> = {
  wechatVerification: ['both', 'certificate', 'publicKey'],
  pushMode: ['compatible', 'secure', 'plain'],
}

function check(name: string, value: Json): void {
  const problem = problemOf(name, value)
  if (problem) throw new LocalError('USAGE', `setting ${name}: ${problem}`)
}

function problemOf(name: string, value: Json): string | undefined {
  if (!Object.hasOwn(defaultSettings, name)) {
    return `there is none of this name; choose one of ${Object.keys(defaultSettings).join(', ')}`
  }
  const choice = choices[name]
  if (choice) return choice.includes(String(value)) ? undefined : `choose one of ${choice.join(', ')}`
  const model = defaultSettings[name as keyof Settings]
  if (model === null) return value === null || isAmount(value) ? undefined : 'milliseconds, or null'
  if (typeof model === 'number') return isAmount(value) ? undefined : 'milliseconds'
  if (typeof model === 'object') return isTextMap(value) ? undefined : 'an object of origins'
  return typeof value === typeof model ? undefined : `must be a ${typeof model}`
}

function isAmount(value: Json): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isTextMap(value: Json): boolean {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === 'string')
}
