/**
 * One function in the host: the calls that wait and the instances that take them (spec/runtime.md §3).
 *
 * A call takes an instance with a free place; without one it waits and, when waiting does not pay, another instance
 * is started. Whichever instance is ready first takes the call that waits longest. A function whose calls end within
 * a few milliseconds gets no second instance for a queue that is gone before a cold start would be over.
 */
import { availableParallelism } from 'node:os'
import type { GuestLog, GuestMessage, HostMessage } from '../bridge.ts'
import type { CallFailure } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { PoolStatus } from '../space-api.ts'
import { CallQueue } from './call-queue.ts'
import type { Carrier, CarrierExit } from './carrier.ts'
import { wouldDeadlock } from './deadlock.ts'
import { failures } from './failures.ts'
import { FunctionRemarks } from './function-remarks.ts'
import type { CallPlace, HostCall } from './host-call.ts'
import { Instance, type InstanceOwner } from './instance.ts'
import { InstanceSet } from './instance-set.ts'
import { LoadState } from './load-state.ts'
import { Pace } from './pace.ts'
import type { PoolHost } from './pool-host.ts'
import { Scaling } from './scaling.ts'

/** Starts of one function at the same time; more would only fight for the processors. */
const maxStarting = Math.max(2, availableParallelism())
/** A call that others stand behind may take this long before they are taken away from it. */
const aheadLimitMs = 8
/** Loading may take this long even where the function's own limit is shorter. */
const loadLimitMs = 10_000
/** A call waits this long for an instance, or as long as the function may run. */
const waitLimitMs = 60_000

export class Pool implements CallPlace, InstanceOwner {
  #entry: FunctionEntry
  readonly #host: PoolHost
  readonly #instances: InstanceSet
  readonly #queue = new CallQueue()
  readonly #pace = new Pace()
  readonly #load = new LoadState()
  readonly #scaling: Scaling
  readonly #remarks: FunctionRemarks
  #closed: CallFailure | undefined

  constructor(entry: FunctionEntry, host: PoolHost) {
    this.#entry = entry
    this.#host = host
    this.#instances = new InstanceSet(host.idle)
    this.#remarks = new FunctionRemarks(entry, host)
    this.#scaling = new Scaling({
      queue: this.#queue,
      instances: this.#instances,
      pace: this.#pace,
      load: host.load,
    })
  }

  get entry(): FunctionEntry {
    return this.#entry
  }

  submit(call: HostCall): void {
    call.place = this
    const refusal = this.#refusal(call)
    if (refusal) {
      call.fail(refusal)
      return
    }
    this.#queue.add(call)
    this.#dispatch()
  }

  /** Names of the methods; loads the code when no instance has yet. Rejects with the failure of the load. */
  methods(): Promise<string[]> {
    const { ready } = this.#instances
    if (ready) return Promise.resolve(ready.methods)
    const methods = this.#load.methods()
    this.#dispatch()
    return methods
  }

  /** New code or configuration: what runs ends on the old instances, everything else gets new ones. */
  renew(entry: FunctionEntry): void {
    this.#entry = entry
    this.#load.reset()
    this.#pace.reset()
    this.#remarks.reset(entry)
    this.#instances.retireAll()
    this.#dispatch()
  }

  uses(file: string): boolean {
    for (const instance of this.#instances) if (instance.files.has(file)) return true
    return false
  }

  /** What the code reads is not known, because it loads or could not be loaded: any change may matter. */
  get unsettled(): boolean {
    return this.#load.failed || this.#instances.loading.length > 0
  }

  /** Whether something has to be looked at as time passes. */
  get restless(): boolean {
    return this.#queue.size > 0 || this.#instances.restless
  }

  /** Refuses what waits and what comes; resolves when the last running call has ended and its instance is gone. */
  async close(failure: CallFailure): Promise<void> {
    this.#closed = failure
    this.#queue.failAll(failure)
    this.#load.fail(failure)
    this.#instances.retireAll()
    await this.#instances.empty()
  }

  /** Ends all instances at once; their calls fail. */
  kill(): Promise<void> {
    return this.#instances.kill()
  }

  carriers(): Iterable<Carrier> {
    return this.#instances.carriers()
  }

  broadcast(message: HostMessage): void {
    this.#instances.broadcast(message)
  }

  status(): PoolStatus {
    const status = { name: this.#entry.name, starting: 0, idle: 0, busy: 0, draining: 0, running: 0 }
    for (const { state, running } of this.#instances) {
      status.running += running.size
      if (state === 'loading') status.starting++
      else if (state === 'draining') status.draining++
      else if (running.size > 0) status.busy++
      else status.idle++
    }
    return { ...status, waiting: this.#queue.size }
  }

  /** Time has passed: starts that hang, calls that waited too long, a queue that deserves another instance. */
  tick(now: number): void {
    const { name, config } = this.#entry
    const loadLimit = Math.max(loadLimitMs, config.timeout * 1000)
    for (const instance of this.#instances.loading) {
      if (now - instance.startedAt <= loadLimit) continue
      this.#remarks.loadsTooLong(loadLimit / 1000)
      this.#loadEnded(failures.timeout(name, loadLimit / 1000))
      void instance.kill()
    }
    const waitLimit = Math.max(waitLimitMs, config.timeout * 1000)
    this.#queue.failQueuedBefore(now - waitLimit, failures.capacity(name))
    for (const instance of this.#instances) {
      for (const call of instance.running.values()) {
        if (now - call.startedAt > aheadLimitMs) instance.takeBack()
      }
    }
    this.#dispatch()
    this.#scale(!this.#pace.copesWith(this.#queue.size))
  }

  // CallPlace

  runningCalls(): Iterable<HostCall> {
    return this.#instances.calls()
  }

  hasRoom(): boolean {
    const { free, loading, live } = this.#instances
    return free !== undefined || loading.length > 0 || live < this.#host.maxInstances
  }

  stop(call: HostCall): void {
    call.fail(failures.timeout(this.#entry.name, (call.stopBy - call.startedAt) / 1000))
    for (const instance of this.#instances) {
      if (!instance.abandon(call)) continue
      instance.takeBack()
      // Others that share the instance may still end well, unless this code blocks it; their own limits will tell.
      if (instance.running.size === 0) this.#instances.end(instance)
      else this.#instances.retire(instance)
    }
    this.#dispatch()
  }

  forget(call: HostCall): void {
    this.#queue.remove(call)
  }

  // InstanceOwner

  loaded(instance: Instance, warnings: readonly string[]): void {
    this.#remarks.warnings(warnings)
    if (instance.state !== 'ready') return
    this.#load.loaded(instance.methods)
    this.#instances.list(instance)
    this.#dispatch()
    this.#instances.settled(instance)
  }

  loadFailed(instance: Instance, failure: CallFailure): void {
    this.#remarks.cannotBeLoaded(failure)
    const { stack, ...answer } = failure
    this.#loadEnded(answer)
    void instance.kill()
  }

  /** Also again, when a call that was handed ahead has its turn. */
  starting(call: HostCall): void {
    const { stopMs, answerMs } = this.#host.limits(this.#entry, call.input.source)
    const now = performance.now()
    call.startedAt = now
    call.stopBy = now + stopMs
    if (now + answerMs < call.answerBy) {
      call.answerBy = now + answerMs
      call.patienceSeconds = answerMs / 1000
    }
  }

  /** They waited longest of all. */
  returned(calls: HostCall[]): void {
    if (this.#closed) for (const call of calls) call.fail(this.#closed)
    else this.#queue.putBack(calls)
  }

  freed(instance: Instance, tookMs: number): void {
    this.#pace.finished(tookMs)
    if (instance.state !== 'ready') {
      this.#instances.finish(instance)
      return
    }
    this.#instances.list(instance)
    if (this.#queue.size > 0) this.#dispatch()
    this.#instances.settled(instance)
  }

  gone(instance: Instance, exit: CarrierExit): void {
    this.#instances.remove(instance)
    if (exit.kind !== 'killed') {
      this.#remarks.ended(exit)
      if (instance.loadedAt === undefined) this.#loadEnded(failures.crash(this.#entry.name))
    }
    this.#dispatch()
  }

  request(instance: Instance, message: GuestMessage & { t: 'request' }): void {
    // Its code will wait for others, for who knows how long.
    if (message.service === 'call') {
      instance.takeBack()
      this.#dispatch()
    }
    this.#host.request(instance, message)
  }

  log(_instance: Instance, line: GuestLog): void {
    this.#remarks.line(line)
  }

  output(_instance: Instance, level: 'log' | 'error', text: string): void {
    this.#remarks.output(level, text)
  }

  // internals

  #refusal(call: HostCall): CallFailure | undefined {
    if (this.#closed) return this.#closed
    if (this.#instances.free) return undefined
    const { name } = this.#entry
    const loadFailure = this.#load.failure
    if (loadFailure && !this.#instances.ready) return loadFailure
    // What was handed ahead waits as well.
    if (this.#queue.size + this.#instances.waiting >= this.#host.maxQueue) return failures.capacity(name)
    if (call.input.parent && !this.hasRoom() && wouldDeadlock(this, call)) {
      this.#remarks.waitsForItself(this.#host.maxInstances)
      return failures.capacity(name)
    }
    return undefined
  }

  #dispatch(): void {
    if (this.#closed) return
    for (let call = this.#queue.first; call; call = this.#queue.first) {
      const { free } = this.#instances
      // A nested call must not stand behind the one it came from.
      const ahead = free || call.input.parent || !this.#pace.instant ? undefined : this.#instances.forAhead
      if (!free && !ahead) break
      this.#queue.shift()
      if (free) this.#instances.run(free, call)
      else ahead?.handAhead(call)
    }
    this.#scale(false)
  }

  /** @param behind a whole tick has passed and the queue will not be gone soon */
  #scale(behind: boolean): void {
    const waiting = this.#queue.size
    if ((waiting === 0 && !this.#load.wanted) || !this.#scaling.worthAnother(behind)) return
    let starting = this.#instances.loading.length
    let live = this.#instances.live
    const wanted = Math.max(1, Math.ceil(waiting / this.#entry.config.concurrency))
    while (starting < Math.min(wanted, maxStarting) && live < this.#host.maxInstances) {
      this.#start()
      starting++
      live++
    }
  }

  #start(): void {
    this.#scaling.started()
    const carrier = this.#host.launch(this.#entry)
    this.#instances.add(new Instance(carrier, this.#entry, this.#host.guestSpace(), this))
  }

  /** A start came to nothing. While others serve, it concerns nobody; else everybody who waits gets the failure. */
  #loadEnded(failure: CallFailure): void {
    if (this.#instances.ready) return
    this.#load.fail(failure)
    this.#queue.failAll(failure)
  }
}
