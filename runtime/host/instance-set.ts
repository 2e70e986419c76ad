/** The instances of one function: which are ready, which have a free place, which have been idle for too long. */

import type { Clock } from '../../clock/clock.ts'
import type { HostMessage } from '../bridge.ts'
import { maxAhead } from '../claims.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { Carrier } from './carrier.ts'
import type { HostCall } from './host-call.ts'
import type { Instance } from './instance.ts'

export interface IdlePolicy {
  clock: Clock
  /** Milliseconds of the space's clock an instance without calls is kept. */
  idleMs: number
  /** Whether idle instances of this function are stopped until their next call, where their carrier can. */
  freezes(entry: FunctionEntry): boolean
}

export class InstanceSet {
  readonly #all = new Set<Instance>()
  /** Ready, with a free place. The one used last comes last and is used first, so that the others can grow old. */
  readonly #free: Instance[] = []
  readonly #policy: IdlePolicy
  #sweep: Disposable | undefined
  #onGone: Array<() => void> = []

  constructor(policy: IdlePolicy) {
    this.#policy = policy
  }

  add(instance: Instance): void {
    this.#all.add(instance)
  }

  remove(instance: Instance): void {
    this.#all.delete(instance)
    this.#unlist(instance)
    for (const resolve of this.#onGone.splice(0)) resolve()
  }

  [Symbol.iterator](): Iterator<Instance> {
    return this.#all.values()
  }

  /** Loading or ready; those that only finish what they have do not count against the ceiling. */
  get live(): number {
    let count = 0
    for (const { state } of this.#all) if (state === 'loading' || state === 'ready') count++
    return count
  }

  get loading(): Instance[] {
    return [...this.#all].filter((instance) => instance.state === 'loading')
  }

  /** Some load, or hold calls that may have to be taken back. */
  get restless(): boolean {
    for (const { state, ahead } of this.#all) {
      if (state === 'loading' || (ahead > 0 && Number.isFinite(ahead))) return true
    }
    return false
  }

  get ready(): Instance | undefined {
    for (const instance of this.#all) if (instance.state === 'ready') return instance
    return undefined
  }

  get free(): Instance | undefined {
    return this.#free.at(-1)
  }

  /** Calls that wait inside instances, handed ahead. */
  get waiting(): number {
    let count = 0
    for (const { waiting } of this.#all) count += waiting
    return count
  }

  /** The one that holds the fewest calls it has not started, if it may be handed another. */
  get forAhead(): Instance | undefined {
    let best: Instance | undefined
    for (const instance of this.#all) {
      if (instance.ahead < Math.min(maxAhead, best?.ahead ?? maxAhead)) best = instance
    }
    return best
  }

  /** Whether the instances compute most of the time, rather than wait for something. */
  get computing(): boolean {
    let busy = 0
    let known = 0
    for (const { state, carrier } of this.#all) {
      const utilization = state === 'ready' ? carrier.utilization?.() : undefined
      if (utilization === undefined) continue
      known++
      busy += utilization
    }
    return known > 0 && busy / known > 0.5
  }

  *calls(): Iterable<HostCall> {
    for (const instance of this.#all) yield* instance.running.values()
  }

  /** Hands a call to an instance with a free place. */
  run(instance: Instance, call: HostCall): void {
    if (instance.running.size === 0) this.#thaw(instance)
    instance.run(call)
    if (!instance.hasRoom) this.#unlist(instance)
  }

  /** An instance was loaded or a call left it. */
  list(instance: Instance): void {
    if (instance.listed || !instance.hasRoom) return
    instance.listed = true
    this.#free.push(instance)
  }

  /** To be told after the place was offered to waiting calls. */
  settled(instance: Instance): void {
    if (instance.running.size > 0 || instance.state !== 'ready') return
    instance.idleSince = this.#policy.clock.now()
    if (this.#policy.freezes(instance.entry)) instance.carrier.freeze?.()
    this.#sweep ??= this.#policy.clock.setTimer(() => this.#dropIdle(), this.#policy.idleMs)
  }

  /** It takes no more calls and ends once those it has are done; at once while it still loads. */
  retire(instance: Instance): void {
    this.#unlist(instance)
    if (instance.state === 'loading') void instance.kill()
    else if (instance.state === 'ready') {
      instance.state = 'draining'
      instance.takeBack()
      if (instance.running.size === 0) void this.#drain(instance)
    }
  }

  /** It is ended at once, and takes no more calls. */
  end(instance: Instance): void {
    this.#unlist(instance)
    void instance.kill()
  }

  retireAll(): void {
    for (const instance of this.#all) this.retire(instance)
  }

  /** The last call of a retired instance has ended. */
  finish(instance: Instance): void {
    if (instance.state === 'draining' && instance.running.size === 0) void this.#drain(instance)
  }

  *carriers(): Iterable<Carrier> {
    for (const { carrier } of this.#all) yield carrier
  }

  broadcast(message: HostMessage): void {
    for (const instance of this.#all) instance.send(message)
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#all].map((instance) => instance.kill()))
  }

  /** Resolves when no instance is left. */
  async empty(): Promise<void> {
    this.#sweep?.[Symbol.dispose]()
    while (this.#all.size > 0) await new Promise<void>((resolve) => this.#onGone.push(resolve))
  }

  // internals

  #unlist(instance: Instance): void {
    if (!instance.listed) return
    instance.listed = false
    const last = this.#free.at(-1)
    if (last === instance) this.#free.pop()
    else this.#free.splice(this.#free.indexOf(instance), 1)
  }

  async #drain(instance: Instance): Promise<void> {
    this.#thaw(instance)
    await instance.drain()
  }

  #thaw(instance: Instance): void {
    if (this.#policy.freezes(instance.entry)) instance.carrier.thaw?.()
  }

  #dropIdle(): void {
    this.#sweep = undefined
    const { clock, idleMs } = this.#policy
    const now = clock.now()
    let oldest = Number.POSITIVE_INFINITY
    for (const instance of [...this.#all]) {
      if (instance.state !== 'ready' || instance.running.size > 0) continue
      if (now - instance.idleSince >= idleMs) this.retire(instance)
      else oldest = Math.min(oldest, instance.idleSince)
    }
    if (Number.isFinite(oldest)) {
      this.#sweep = clock.setTimer(() => this.#dropIdle(), oldest + idleMs - now)
    }
  }
}
