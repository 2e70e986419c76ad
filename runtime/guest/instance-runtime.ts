/** The instance as `uniCloud` and the protocol code see it. */
import type { AsyncLocalStorage } from 'node:async_hooks'
import type { MessagePort } from 'node:worker_threads'
import type { ClockState } from '../../clock/adjustable-clock.ts'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import type { BridgeService, Channel, GuestLog, GuestMessage, GuestSpace, HostMessage } from '../bridge.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import { BridgeRequests } from './bridge-requests.ts'
import { formatLine } from './console.ts'
import type { ActiveCall, DatabasePort, GuestRuntime } from './guest-context.ts'
import { RelayPort } from './relay-port.ts'
import type { RunningCall } from './running-call.ts'
import { withSourceFiles } from './shown-paths.ts'

/** What the asynchronous context of user code says: whose code it is, and of which call. */
export interface Scope {
  runtime: InstanceRuntime
  running?: RunningCall
}

export class InstanceRuntime implements GuestRuntime {
  readonly space: GuestSpace
  readonly entry: FunctionEntry
  readonly clock: AdjustableClock
  readonly requests: BridgeRequests
  /** Calls in flight by the host's number, oldest first. */
  readonly running = new Map<number, RunningCall>()
  readonly #channel: Channel<GuestMessage, HostMessage>
  readonly #scope: AsyncLocalStorage<Scope>
  readonly #warned = new Set<string>()
  readonly #drainCallbacks: Array<() => void | Promise<void>> = []
  #databasePort: Promise<DatabasePort> | undefined
  #relay: RelayPort | undefined

  constructor(
    load: HostMessage & { t: 'load' },
    channel: Channel<GuestMessage, HostMessage>,
    scope: AsyncLocalStorage<Scope>,
  ) {
    this.space = load.space
    this.entry = load.entry
    this.clock = new AdjustableClock(load.space.clock)
    this.requests = new BridgeRequests(channel)
    this.#channel = channel
    this.#scope = scope
  }

  request(service: BridgeService, method: string, args: unknown[]): Promise<unknown> {
    const requestId = this.currentCall()?.call.requestId ?? ''
    return this.requests.request(requestId, service, method, args)
  }

  currentCall(): ActiveCall | undefined {
    return this.#scope.getStore()?.running
  }

  activeCalls(): ActiveCall[] {
    return [...this.running.values()]
  }

  now(): number {
    return this.clock.now()
  }

  log(level: GuestLog['level'], channel: GuestLog['channel'], args: readonly unknown[]): void {
    this.print(level, channel, formatLine(args))
  }

  /** A line that is already formatted. */
  print(level: GuestLog['level'], channel: GuestLog['channel'], text: string): void {
    const requestId = this.currentCall()?.call.requestId
    const entry: GuestLog = { time: this.now(), level, text: withSourceFiles(text, this.space), channel }
    if (requestId) entry.requestId = requestId
    this.#channel.send({ t: 'log', entry })
  }

  warnOnce(key: string, text: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.print('warn', 'system', text)
  }

  databasePort(): Promise<DatabasePort> {
    this.#databasePort ??= this.#connectDatabase()
    return this.#databasePort
  }

  onDrain(callback: () => void | Promise<void>): void {
    this.#drainCallbacks.push(callback)
  }

  /** Lets everything that registered for the end close itself; its errors end nowhere but in the log. */
  async closeAll(): Promise<void> {
    await Promise.all(
      this.#drainCallbacks.map(async (callback) => {
        try {
          await callback()
        } catch (error) {
          this.log('warn', 'system', [`[${this.entry.name}] closing:`, error])
        }
      }),
    )
  }

  /** A message of the database for the relayed port. */
  receiveFromDatabase(data: unknown): void {
    this.#relay?.receive(data)
  }

  update(change: Partial<Pick<GuestSpace, 'functions' | 'publicUrl'>>): void {
    Object.assign(this.space, change)
  }

  setClock(state: ClockState): void {
    this.clock.set(state)
  }

  // internals

  /** The host answers with a port of its own, or with none when it relays. */
  async #connectDatabase(): Promise<DatabasePort> {
    const relay = new RelayPort(this.#channel)
    this.#relay = relay
    try {
      const port = (await this.request('database', 'connect', [])) as MessagePort | undefined
      if (!port) return relay
      this.#relay = undefined
      return port
    } catch (error) {
      // The next use tries again: the server may be up by then.
      this.#databasePort = undefined
      throw error
    }
  }
}
