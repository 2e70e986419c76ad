/** One instance of a function, whatever carries it: loads, takes calls, ends. */

import type { MessagePort } from 'node:worker_threads'
import type { GuestLog, GuestMessage, GuestSpace, HostMessage } from '../bridge.ts'
import type { CallFailure } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import { insteadOf } from './bridge-error.ts'
import type { Carrier, CarrierExit } from './carrier.ts'
import { failures } from './failures.ts'
import type { HostCall } from './host-call.ts'

/** Who owns instances and hears what becomes of them. */
export interface InstanceOwner {
  loaded(instance: Instance, warnings: readonly string[]): void
  loadFailed(instance: Instance, failure: CallFailure): void
  /** A call has left the instance, after the code ran so long. */
  freed(instance: Instance, tookMs: number): void
  /** A call starts now, or is about to: its limits begin to count. */
  starting(call: HostCall): void
  /** Calls the instance was handed and will not run. */
  returned(calls: HostCall[]): void
  gone(instance: Instance, exit: CarrierExit): void
  request(instance: Instance, message: GuestMessage & { t: 'request' }): void
  log(instance: Instance, entry: GuestLog): void
  /** What its code wrote to the standard streams. */
  output(instance: Instance, level: 'log' | 'error', text: string): void
}

/** How long an instance may take to close its connections before it is ended. */
const drainLimitMs = 2500

export class Instance {
  readonly entry: FunctionEntry
  readonly carrier: Carrier
  /** Calls that run in it, by number. */
  readonly running = new Map<number, HostCall>()
  /** Calls it was handed ahead, in the order it will run them. */
  readonly #ahead = new Set<HostCall>()
  /** Project files its code has read. */
  readonly files = new Set<string>()
  readonly startedAt = performance.now()
  /** When its code was loaded; undefined before. */
  loadedAt: number | undefined
  methods: string[] = []
  state: 'loading' | 'ready' | 'draining' | 'gone' = 'loading'
  /** Space time at which its last call ended. */
  idleSince = 0
  /** Whether the pool lists it among those with a free place. */
  listed = false
  readonly #owner: InstanceOwner
  #calls = 0
  #databasePort: MessagePort | undefined
  #drained: () => void = () => {}

  constructor(carrier: Carrier, entry: FunctionEntry, space: GuestSpace, owner: InstanceOwner) {
    this.carrier = carrier
    this.entry = entry
    this.#owner = owner
    carrier.channel.listen((message) => this.#receive(message))
    carrier.onExit((exit) => this.#exited(exit))
    carrier.onOutput((level, text) => owner.output(this, level, text))
    carrier.channel.onUnsendable((message, error) => {
      const instead = insteadOf(message, error)
      if (instead) this.send(instead)
    })
    carrier.channel.send({ t: 'load', space, entry })
  }

  get hasRoom(): boolean {
    return this.state === 'ready' && this.running.size < this.entry.config.concurrency
  }

  /** How many calls it was handed ahead that had no turn yet. */
  get waiting(): number {
    return this.#ahead.size
  }

  /** The same; Infinity where none may be handed ahead. */
  get ahead(): number {
    const able = this.carrier.claims && this.entry.config.concurrency === 1 && this.state === 'ready'
    return able ? this.#ahead.size : Number.POSITIVE_INFINITY
  }

  run(call: HostCall): void {
    const { id } = call.input
    this.#start(call)
    call.slot = this.carrier.claims?.open(id)
    this.send({ t: 'call', id, json: jsonOf(call), slot: call.slot })
  }

  /** The call has passed its limit: nobody waits for its answer. False when it is not one of this instance's. */
  abandon(call: HostCall): boolean {
    if (!this.running.delete(call.input.id)) return false
    call.running = false
    return true
  }

  /** Hands it a call to run after those it has. */
  handAhead(call: HostCall): void {
    const { claims } = this.carrier
    if (!claims) return
    const { id } = call.input
    this.#owner.starting(call)
    call.slot = claims.open(id)
    this.#ahead.add(call)
    this.send({ t: 'call', id, json: jsonOf(call), slot: call.slot, ahead: true })
  }

  /** Takes back what it was handed and has not started. */
  takeBack(): void {
    if (this.#ahead.size === 0) return
    const calls: HostCall[] = []
    for (const call of this.#ahead) {
      if (this.#takeBack(call)) calls.push(call)
      else this.#start(call)
    }
    this.#ahead.clear()
    this.#owner.returned(calls)
  }

  send(message: HostMessage, transfer?: readonly unknown[]): void {
    this.carrier.channel.send(message, transfer)
  }

  /** Passes the database's messages on, for a carrier that cannot be handed the port. */
  relayTo(port: MessagePort): void {
    this.#databasePort = port
    port.on('message', (data: unknown) => this.send({ t: 'port', data }))
  }

  /** Lets connections close, then ends it. Calls must have ended before. */
  async drain(): Promise<void> {
    if (this.state === 'gone') return
    this.state = 'draining'
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, drainLimitMs)
      this.#drained = () => {
        clearTimeout(limit)
        resolve()
      }
      this.send({ t: 'drain' })
    })
    await this.kill()
  }

  /** Ends it at once. Code in the depths of the engine may take its time to notice; it takes no calls meanwhile. */
  async kill(): Promise<void> {
    if (this.state === 'gone') return
    this.state = 'draining'
    await this.carrier.kill()
  }

  /** The call its code made this request from, while it still runs. */
  callOf(requestId: string): HostCall | undefined {
    for (const call of this.running.values()) if (call.input.requestId === requestId) return call
    return undefined
  }

  // internals

  #receive(message: GuestMessage): void {
    switch (message.t) {
      case 'value':
        this.#finish(message.id, message.ms)?.succeed(message.text)
        break
      case 'result':
        this.#finish(message.id, message.ms)?.end(message.end)
        break
      case 'request':
        this.#owner.request(this, message)
        break
      case 'log':
        this.#owner.log(this, message.entry)
        break
      case 'loaded':
        this.#addFiles(message.files)
        this.methods = message.methods
        this.loadedAt = performance.now()
        if (this.state === 'loading') this.state = 'ready'
        this.#owner.loaded(this, message.warnings)
        break
      case 'load-failed':
        this.#addFiles(message.files)
        // Retired meanwhile: that was the old code.
        if (this.state !== 'loading') break
        this.#owner.loadFailed(this, { reason: 'load', ...message.failure })
        break
      case 'files':
        this.#addFiles(message.files)
        break
      case 'port':
        this.#databasePort?.postMessage(message.data)
        break
      case 'drained':
        this.#drained()
    }
  }

  /** Takes the call out first: what its caller does next may already need the place. */
  #finish(id: number, tookMs: number): HostCall | undefined {
    const call = this.running.get(id)
    if (!call) return undefined
    this.running.delete(id)
    call.running = false
    const [next] = this.#ahead.keys()
    if (next && this.running.size === 0) {
      this.#ahead.delete(next)
      this.#start(next)
    }
    this.#owner.freed(this, tookMs)
    return call
  }

  /** True when it had not started the call, and will not any more. */
  #takeBack({ slot, input }: HostCall): boolean {
    return slot !== undefined && this.carrier.claims?.take(slot, input.id) === true
  }

  #start(call: HostCall): void {
    this.#owner.starting(call)
    this.running.set(call.input.id, call)
    call.running = true
    call.cold = this.#calls++ === 0 && call.queuedAt < (this.loadedAt ?? 0)
  }

  #exited(exit: CarrierExit): void {
    this.state = 'gone'
    this.takeBack()
    this.#databasePort?.close()
    this.#drained()
    const spared: HostCall[] = []
    for (const call of this.running.values()) {
      call.running = false
      if (this.#takeBack(call)) spared.push(call)
      else call.fail(failures.crash(this.entry.name))
    }
    this.running.clear()
    // Sent while it was ending, and never started: another instance runs them.
    if (spared.length > 0) this.#owner.returned(spared)
    this.#owner.gone(this, exit)
  }

  #addFiles(files: readonly string[]): void {
    for (const file of files) this.files.add(file)
  }
}

function jsonOf(call: HostCall): string {
  return `${call.input.json.slice(0, -1)},"deadline":${deadlineOf(call)}}`
}

/** Machine time, epoch ms; 0 = none. */
function deadlineOf(call: HostCall): number {
  const by = Math.min(call.stopBy, call.answerBy)
  return Number.isFinite(by) ? Math.round(Date.now() + by - performance.now()) : 0
}
