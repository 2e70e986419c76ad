/** The sandbox at work: state, clock, platforms and everything between them. One for each space. */
import path from 'node:path'
import type { Clock } from '../../clock/clock.ts'
import { Alipay } from '../alipay/platform.ts'
import { Apple } from '../apple/platform.ts'
import { platformAddress } from '../hosts.ts'
import { Huawei } from '../huawei/platform.ts'
import { keysFile, loadKeys, type Seed } from '../keys/key-keeper.ts'
import { type KeyRing, openKeyRing } from '../keys/key-ring.ts'
import { WechatApi } from '../wechat-api/platform.ts'
import { WechatV2 } from '../wechat-v2/platform.ts'
import { WechatV3 } from '../wechat-v3/platform.ts'
import { Agenda } from './agenda.ts'
import { BusinessClock } from './business-clock.ts'
import { CallLog, type LogLine } from './call-log.ts'
import { Cashier } from './cashier.ts'
import { LoginCodes } from './codes.ts'
import type { Deliver } from './delivery.ts'
import { DocumentStore } from './document-store.ts'
import { Faults } from './faults.ts'
import { FolderLock } from './folder-lock.ts'
import { Gate } from './gate.ts'
import { Ledger, type LedgerEvent } from './ledger.ts'
import type { Notice } from './notice.ts'
import type { Order, PlatformId } from './order.ts'
import { Outbox } from './outbox.ts'
import type { Platform, PlatformParts } from './platform.ts'
import { type Settings, SettingsKeeper } from './settings.ts'
import { unusable } from './unusable.ts'

export interface SimulatorOptions {
  directory: string
  clock: Clock
  log(line: LogLine): void
  publicUrl(): string
  cashierUrl(order: Pick<Order, 'token'>): string
  deliver: Deliver
  seed: Seed
  settings: Partial<Settings>
}

const CLOCK = 'clock'

export class Simulator {
  readonly clock: BusinessClock
  readonly agenda: Agenda
  readonly settings: SettingsKeeper
  readonly faults: Faults
  readonly calls: CallLog
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly cashier: Cashier
  readonly gate: Gate
  readonly codes: LoginCodes
  readonly platforms: readonly Platform[]
  readonly apple: Apple
  readonly #options: SimulatorOptions
  readonly #store: DocumentStore
  #keys: KeyRing | undefined
  #lock: FolderLock | undefined

  private constructor(options: SimulatorOptions) {
    this.#options = options
    this.clock = new BusinessClock(options.clock)
    this.calls = new CallLog(this.clock, options.log)
    this.#store = new DocumentStore(path.join(options.directory, 'state'), (text) =>
      this.calls.say('warn', text),
    )
    this.agenda = new Agenda(this.clock, (error) => this.calls.say('error', stackOf(error)))
    const { clock, agenda, calls } = this
    const store = this.#store
    this.settings = new SettingsKeeper(store, options.settings)
    this.faults = new Faults(store)
    this.ledger = new Ledger({ clock, store, agenda }, (event) => this.#report(event))
    const { settings, faults, ledger } = this
    const { publicUrl, cashierUrl, deliver } = options
    this.codes = new LoginCodes(clock)
    const parts: PlatformParts = {
      clock,
      keys: () => this.keys,
      ledger,
      faults,
      settings,
      store,
      codes: this.codes,
      notifyUrl: () => this.notifyUrl(),
      addressOf: (host) => platformAddress(publicUrl(), host),
      notify: (notice) => this.outbox.add(notice).id,
      cashierUrl,
    }
    this.apple = new Apple(parts)
    this.platforms = [
      new WechatV3(parts),
      new WechatV2(parts),
      new Alipay(parts),
      new WechatApi(parts),
      this.apple,
      new Huawei(parts),
    ]
    const { platforms } = this
    const rules = (notice: Notice): Platform['notices'] => this.#platform(notice.platform).notices
    this.outbox = new Outbox({ clock, store, agenda, faults, calls, settings, deliver, rules, publicUrl })
    const platformOf = (order: Order): Platform => this.platformOf(order)
    this.cashier = new Cashier({ ledger, settings, agenda, platforms, platformOf })
    this.gate = new Gate({ clock, agenda, store, faults, calls, platforms })
  }

  /** @throws LocalError DATA_UNUSABLE when keys or state cannot be used, DATA_IN_USE when another process has them */
  static async open(options: SimulatorOptions): Promise<Simulator> {
    const simulator = new Simulator(options)
    try {
      await simulator.#load(options.seed)
    } catch (error) {
      // Somebody may try again: this one must not go on beside that one.
      await simulator.agenda.close()
      simulator.#lock?.[Symbol.dispose]()
      throw error
    }
    return simulator
  }

  /** Page where a person pays an order. */
  cashierUrl(order: Pick<Order, 'token'>): string {
    return this.#options.cashierUrl(order)
  }

  /** Where this space's own uni-pay-co takes notifications. */
  notifyUrl(): string {
    return `${this.#options.publicUrl()}/uni-pay-co`
  }

  /** The platform that an order was made with. */
  platformOf(order: Order): Platform {
    return this.#platform(order.platform)
  }

  get keys(): KeyRing {
    if (!this.#keys) throw new Error('the simulator is not open')
    return this.#keys
  }

  /** Moves business time on; what falls due happens, one thing after the other. @param ms not negative */
  async advance(ms: number): Promise<void> {
    await this.agenda.advance(ms)
    this.#store.put(CLOCK, CLOCK, { aheadMs: this.clock.aheadMs })
    await this.flush()
  }

  /** Everything that is due has happened and is on disk. */
  async settled(): Promise<void> {
    await this.agenda.idle()
    await this.flush()
  }

  flush(): Promise<void> {
    return this.#store.flush()
  }

  /** Forgets orders, notifications, faults, settings and calls; time is the space's again. */
  async reset(seed?: Seed): Promise<void> {
    await this.agenda.idle()
    await this.ledger.clear()
    await this.outbox.clear()
    await this.faults.clear()
    await this.settings.clear()
    await this.#store.clear([CLOCK])
    this.calls.clear()
    this.codes.clear()
    this.clock.rewind()
    for (const platform of this.platforms) await platform.reset?.()
    if (seed) await this.#loadKeys(seed)
  }

  /** Ends what runs, writes what is left. */
  async close(): Promise<void> {
    this.gate.close()
    await this.agenda.close()
    try {
      await this.flush()
    } finally {
      this.#lock?.[Symbol.dispose]()
    }
  }

  // internals

  async #load(seed: Seed): Promise<void> {
    this.#lock = new FolderLock(this.#options.directory, this.#options.publicUrl())
    await this.#loadKeys(seed)
    const [clock] = await this.#store.load<{ aheadMs: number }>(CLOCK, ['aheadMs'])
    if (clock) this.clock.forwardTo(this.clock.now() + clock.aheadMs)
    await this.settings.load()
    await this.faults.load()
    await this.ledger.load()
    await this.outbox.load()
    for (const platform of this.platforms) await platform.load?.()
    this.agenda.wake()
  }

  async #loadKeys(seed: Seed): Promise<void> {
    const { directory, clock } = this.#options
    const material = await loadKeys(directory, seed, clock.now())
    try {
      this.#keys = openKeyRing(material)
    } catch (error) {
      throw unusable('the sandbox cannot use its keys', keysFile(directory), error)
    }
  }

  #platform(id: PlatformId): Platform {
    const platform = this.platforms.find((candidate) => candidate.id === id)
    if (!platform) throw new Error(`no platform ${id}`)
    return platform
  }

  #report(event: LedgerEvent): void {
    const platform = this.#platform(event.order.platform)
    platform.happened?.(event)
    const pause = 'pauseMs' in event ? { pauseMs: event.pauseMs } : {}
    for (const notice of platform.report(event)) this.outbox.add({ ...notice, ...pause })
  }
}

// internals

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
