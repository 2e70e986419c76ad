/** The service space: the one composition root. Everything else is handed what it needs (shared design). */
import type { MessagePort } from 'node:worker_threads'
import type { ClockState } from '../clock/adjustable-clock.ts'
import { AdjustableClock } from '../clock/adjustable-clock.ts'
import type { Clock } from '../clock/clock.ts'
import type { DocumentDatabase } from '../database/command.ts'
import { LocalError } from '../errors/errors.ts'
import type { SpaceOptions } from './config/options.ts'
import { CallDesk } from './host/call-desk.ts'
import { callLimits, nestedTimeoutMs } from './host/call-limits.ts'
import { CallLog } from './host/call-log.ts'
import { clockState } from './host/clock-state.ts'
import { type CreatedServices, createServices } from './host/create-services.ts'
import { DatabaseAccess } from './host/database-access.ts'
import { databaseName } from './host/database-name.ts'
import { functionEnvironment, useTimeZone } from './host/environment.ts'
import { failures } from './host/failures.ts'
import { functionKinds, guestSpace, transformCache } from './host/guest-space.ts'
import type { HostCall } from './host/host-call.ts'
import { Launcher } from './host/launcher.ts'
import { LogStore } from './host/log-store.ts'
import { MachineLoad } from './host/machine-load.ts'
import { MemoryWatch } from './host/memory-watch.ts'
import { checkNested } from './host/nested-invocation.ts'
import { OtherSpaces } from './host/other-spaces.ts'
import type { PoolHost } from './host/pool-host.ts'
import { Pools } from './host/pools.ts'
import { freezes, returnPolicyProblem } from './host/return-policy.ts'
import { readServableProject } from './host/servable-project.ts'
import { dispatchRequest } from './host/services.ts'
import { Ticker } from './host/ticker.ts'
import { Transforms } from './host/transforms.ts'
import type { CallFailure, Invocation, Outcome } from './invocation.ts'
import type { FunctionEntry, Manifest } from './project/manifest.ts'
import { realPath } from './project/real-path.ts'
import { type ProviderProfile, providers } from './provider.ts'
import type { PoolStatus, ReloadReport, Space, SpaceControl, SpaceServices } from './space-api.ts'
import { makeStateFolder } from './state-folder.ts'

export interface SpaceDependencies {
  /** Default: the machine's time, which `setClock` can move. */
  clock?: Clock
}

/** How often limits of calls are looked at, in milliseconds of machine time. */
const tickMs = 10
/**
 * Reads a project and makes it callable. Instances start with the first calls; the database opens when first used.
 * @throws LocalError when the project cannot be served as a whole
 */
export async function createSpace(
  options: SpaceOptions,
  dependencies: SpaceDependencies = {},
): Promise<Space & SpaceControl> {
  const manifest = await readServableProject(options)
  makeStateFolder(options.data)
  const profile = providers[manifest.provider]
  const timeZone = options.timeZone ?? profile.timeZone
  const launcher = await Launcher.create({
    isolation: options.isolation,
    defaultMemoryMB: profile.defaultMemoryMB,
    env: functionEnvironment(options.env, timeZone),
  })
  // Threads have the zone of their process; processes bring their own.
  const zone = options.isolation === 'process' ? undefined : useTimeZone(timeZone)
  const space = new LocalSpace(options, manifest, launcher, zone, dependencies.clock ?? new AdjustableClock())
  // An instance that comes first would have to transform for itself, file by file.
  await space.transformed
  return space
}

// internals

class LocalSpace implements Space, SpaceControl {
  readonly options: SpaceOptions
  readonly clock: Clock
  readonly logs = new LogStore()
  readonly databaseName: string
  /** Resolves when the files of the project, as it was found, are ready to be loaded. */
  readonly transformed: Promise<void>
  #manifest: Manifest
  #publicUrl: string | undefined
  #closing: Promise<void> | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  readonly #launcher: Launcher
  readonly #zone: Disposable | undefined
  readonly #pools: Pools
  readonly #desk: CallDesk
  readonly #ticker: Ticker
  readonly #memory: MemoryWatch | undefined
  readonly #transforms: Transforms
  readonly #database: DatabaseAccess
  readonly #created: CreatedServices
  readonly #others: OtherSpaces
  readonly #followClock: Disposable | undefined
  readonly #listeners = new Set<(manifest: Manifest) => void>()

  constructor(
    options: SpaceOptions,
    manifest: Manifest,
    launcher: Launcher,
    zone: Disposable | undefined,
    clock: Clock,
  ) {
    this.options = options
    this.clock = clock
    this.databaseName = databaseName(options)
    this.#manifest = manifest
    this.#launcher = launcher
    this.#zone = zone
    this.#database = new DatabaseAccess(async () => {
      const { openDatabase } = await import('./host/open-database.ts')
      return openDatabase(this, clockState(clock))
    })
    this.#created = createServices(this)
    this.#others = new OtherSpaces({
      options,
      clock,
      logs: this.logs,
      open: (other, sameClock) => createSpace(other, { clock: sameClock }),
    })
    this.#pools = new Pools(this.#poolHost())
    if (options.isolation === 'thread') this.#memory = new MemoryWatch(() => this.#pools.carriers())
    this.#desk = new CallDesk(this.#profile, new CallLog(this.logs, clock, options.requestLog === 'quiet'))
    this.#ticker = new Ticker(tickMs, () => this.#tick())
    this.#transforms = new Transforms(transformCache(options))
    this.#followClock = clock.onMove?.(() => this.#tellClock())
    const problem = returnPolicyProblem(options)
    if (problem) this.logs.append({ time: clock.now(), level: 'warn', channel: 'system', text: problem })
    launcher.prepare()
    // Its failures are no concern: what is not in the cache is transformed when it is loaded.
    this.transformed = this.#transforms.ahead(manifest.cloudRoots).catch(() => undefined)
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  get services(): SpaceServices {
    return this.#created.services
  }

  get publicUrl(): string | undefined {
    return this.#publicUrl
  }

  set publicUrl(publicUrl: string | undefined) {
    this.#publicUrl = publicUrl
    if (publicUrl !== undefined) this.#pools.broadcast({ t: 'space', change: { publicUrl } })
  }

  database(): Promise<DocumentDatabase> {
    return this.#database.database()
  }

  connectDatabase(): Promise<MessagePort> {
    return this.#database.connect()
  }

  invoke(invocation: Invocation): Promise<Outcome> {
    return this.#submit(invocation, undefined).outcome
  }

  onManifest(listener: (manifest: Manifest) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async methods(name: string): Promise<string[]> {
    const failure = this.#refusal(name)
    if (failure) throw new Error(failure.errMsg)
    const methods = this.#pools.of(this.#manifest.functions[name] as FunctionEntry).methods()
    this.#ticker.wake()
    try {
      return await methods
    } catch (error) {
      throw new Error((error as CallFailure).errMsg)
    }
  }

  /** One at a time: two saves in a row must not overtake each other. */
  reload(changedFiles?: readonly string[]): Promise<ReloadReport> {
    const report = this.#reloading.then(() => this.#reload(changedFiles))
    this.#reloading = report.catch(() => undefined)
    return report
  }

  setClock(state: ClockState): void {
    if (!(this.clock instanceof AdjustableClock)) {
      throw new LocalError('USAGE', 'the space runs on a clock it was given', {
        hint: 'move that clock instead',
      })
    }
    this.clock.set(state)
  }

  functionsUsing(file: string): string[] {
    return this.#pools.using(realPath(file))
  }

  instances(): PoolStatus[] {
    return this.#pools.status()
  }

  close({ graceMs = 5000 }: { graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // internals

  get #profile(): ProviderProfile {
    return providers[this.#manifest.provider]
  }

  #submit(invocation: Invocation, parent: HostCall | undefined): HostCall {
    const failure = this.#refusal(invocation.name, invocation.payload.type === 'method')
    if (failure) return this.#desk.refuse(invocation, failure, parent)
    const entry = this.#manifest.functions[invocation.name] as FunctionEntry
    const call = this.#desk.submit(invocation, this.#pools.of(entry), parent)
    this.#ticker.wake()
    return call
  }

  /** What forbids a call before it is looked at any closer. */
  #refusal(name: string, wantsObject = false): CallFailure | undefined {
    if (this.#closing) return failures.closed()
    const entry = Object.hasOwn(this.#manifest.functions, name) ? this.#manifest.functions[name] : undefined
    if (!entry) return failures.notFound(name)
    if (wantsObject && entry.kind !== 'cloudobject') return failures.wrongKind(name)
    const problem = entry.problems.find(({ severity }) => severity === 'error')
    return problem ? failures.invalidEntry(problem.message) : undefined
  }

  /** A call from inside an instance; what it sent is looked at first. */
  async #invokeNested(nested: unknown, parent: HostCall | undefined): Promise<Outcome> {
    const { name, payload, timeoutMs = nestedTimeoutMs, spaceId } = checkNested(nested)
    const ancestors = parent ? [...parent.input.ancestors, parent.input.name] : []
    const invocation: Invocation = { name, payload, source: 'function', timeoutMs, ancestors }
    if (spaceId !== undefined && spaceId !== this.options.spaceId)
      return this.#others.invoke(spaceId, invocation)
    return this.#submit(invocation, parent).outcome
  }

  #tick(): boolean {
    const now = performance.now()
    this.#desk.expire(now)
    this.#pools.tick(now)
    this.#memory?.tick(now)
    return this.#desk.restless || this.#pools.restless
  }

  async #reload(changedFiles: readonly string[] | undefined): Promise<ReloadReport> {
    if (this.#closing) return { reloaded: [], added: [], removed: [] }
    const before = this.#manifest
    const changed = changedFiles && throughLinks(changedFiles)
    const [after] = await Promise.all([
      readServableProject(this.options),
      this.#transforms.ahead(changed ?? before.cloudRoots),
    ])
    this.#manifest = after
    if (JSON.stringify(before.databaseFiles) !== JSON.stringify(after.databaseFiles)) this.#seed()
    const report = this.#pools.follow(before, after, changed)
    if (report.added.length > 0 || report.removed.length > 0) {
      this.#pools.broadcast({ t: 'space', change: { functions: functionKinds(after) } })
    }
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      for (const listener of this.#listeners) listener(after)
    }
    return report
  }

  /** New database files; a failure leaves the space as it is. */
  #seed(): void {
    void this.#database.seed().catch((error: Error) => {
      const text = `database files could not be brought in: ${error.message}`
      this.logs.append({ time: this.clock.now(), level: 'error', channel: 'system', text })
    })
  }

  async #close(graceMs: number): Promise<void> {
    this.#followClock?.[Symbol.dispose]()
    await Promise.all([this.#pools.close(graceMs), this.#others.close(graceMs)])
    this.#ticker.stop()
    await Promise.all(Object.values(this.#created.bridge).map((service) => service.close?.()))
    await Promise.all([this.#launcher.close(), this.#database.close(), this.#transforms.close()])
    this.#zone?.[Symbol.dispose]()
  }

  #poolHost(): PoolHost {
    const { options, clock } = this
    const access = {
      invokeNested: (nested: unknown, parent: HostCall | undefined) => this.#invokeNested(nested, parent),
      connectDatabase: () => {
        this.#launcher.databaseUsed()
        return this.#database.connect()
      },
      connectOtherDatabase: (spaceId: string) => this.#others.connectDatabase(spaceId),
    }
    return {
      maxInstances: options.maxInstances,
      maxQueue: options.maxQueue,
      idle: {
        clock,
        idleMs: options.idleMs ?? this.#profile.idleMs,
        freezes: (entry) => freezes(options, this.#profile, entry),
      },
      load: new MachineLoad(),
      launch: (entry) => this.#launcher.launch(entry),
      guestSpace: () =>
        guestSpace(options, this.#manifest, {
          clock: clockState(clock),
          publicUrl: this.#publicUrl,
          databaseName: this.databaseName,
          storageSecret: this.#created.storageSecret,
        }),
      limits: (entry, source) => callLimits(options, this.#profile, entry, source),
      request: (instance, message) => void dispatchRequest(instance, message, this.#created.bridge, access),
      log: (entry, line) => void this.logs.append({ ...line, functionName: entry.name }),
      remark: (entry, level, text, channel = 'system') =>
        void this.logs.append({ time: clock.now(), level, channel, text, functionName: entry.name }),
    }
  }

  #tellClock(): void {
    const clock = clockState(this.clock)
    this.#pools.broadcast({ t: 'clock', clock })
    void this.#database.setClock(clock)
  }
}

/** Files as they were named, and as instances that loaded them name them. */
function throughLinks(files: readonly string[]): string[] {
  return [...new Set([...files, ...files.map(realPath)])]
}
