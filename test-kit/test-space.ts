/** Builds the space of a test and everything around it. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ManualClock } from '../clock/clock.ts'
import { createDatabaseApi, type DatabaseApi } from '../database/api/index.ts'
import { LocalError } from '../errors/errors.ts'
import { loadConfigFile } from '../runtime/config/load-file.ts'
import type { SpaceOptions } from '../runtime/config/options.ts'
import { resolveOptions } from '../runtime/config/resolve.ts'
import type { Gateway, Listening } from '../runtime/gateway/server.ts'
import type { LogEntry } from '../runtime/host/log-store.ts'
import type { Outcome } from '../runtime/invocation.ts'
import { createPaymentSandbox, type PaymentSandbox, sandboxFolder } from '../runtime/payment-sandbox.ts'
import { createSpace as createRuntimeSpace } from '../runtime/space.ts'
import type { Space, SpaceControl } from '../runtime/space-api.ts'
import { SpaceTimers } from '../runtime/timers.ts'
import { type Caller, type CallerInfo, createCaller } from './caller.ts'
import { createTestClock, type TestClock } from './test-clock.ts'
import { TestSandbox } from './test-sandbox.ts'

/** Every option of the configuration file, and the instant the clock starts at. */
export interface TestSpaceOptions extends Partial<SpaceOptions> {
  /** Simulates the payment platforms, with the merchants that the project's configuration was made for. Default: off. */
  sandbox?: boolean
  /** Project folder; default: the current folder. */
  project?: string
  /** Where the clock stands. Default: the machine's time at the start. */
  now?: Date | string | number
}

export interface TestSpace extends Caller, AsyncDisposable {
  readonly clock: TestClock
  /** The simulated payment platforms. @throws LocalError USAGE when the option `sandbox` is off */
  readonly sandbox: TestSandbox
  /** The runtime below, for what this kit does not wrap. */
  readonly space: Space & SpaceControl
  /** Calls as somebody else: `space.as({ uniIdToken }).importObject('todo')`. */
  as(caller: CallerInfo): Caller
  /** A request to the space's HTTP server, as a browser or a payment platform sends it. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Fires a timer trigger now. @returns what came of it */
  fireTimer(functionName: string, at?: Date): Promise<Outcome>
  /** `uniCloud.database()` of this space, to read what a function wrote. */
  db(): Promise<DatabaseApi>
  /** Adds documents, collection by collection; collections are created as needed. */
  seed(documents: Record<string, readonly object[]>): Promise<void>
  /** What functions printed and what the space remarked, oldest first. */
  logs(functionName?: string): LogEntry[]
  close(): Promise<void>
}

/**
 * @throws LocalError when the project cannot be read
 */
export async function createSpace({ now, ...options }: TestSpaceOptions = {}): Promise<TestSpace> {
  const clock = new ManualClock(now ?? Date.now())
  const data = await mkdtemp(path.join(tmpdir(), 'unicloud-test-'))
  const { given, usualPort } = await spaceOptions(options, data)
  if (given.sandbox && given.sandboxKeys === 'space') await copyKeys(given)
  const space = await createRuntimeSpace(given, { clock })
  const payments = given.sandbox ? createPaymentSandbox(space, { usualPort }) : undefined
  const test = new MemorySpace(space, clock, data, payments)
  // Platforms are reached through the space's own server.
  if (payments) await test.listen()
  return test
}

// internals

/** The project's own configuration counts, except where state would be kept or seen by others. */
async function spaceOptions(
  options: Omit<TestSpaceOptions, 'now' | 'sandbox'>,
  data: string,
): Promise<{ given: SpaceOptions; usualPort: number }> {
  const project = path.resolve(options.project ?? '.')
  const file = await loadConfigFile(project)
  const sources = { flags: { project }, cwd: process.cwd() }
  const resolved = resolveOptions(file ? { ...sources, file } : sources)
  const given = {
    ...resolved,
    database: 'memory',
    redis: 'memory',
    port: 0,
    host: '127.0.0.1',
    data,
    sandbox: false,
    ...options,
    project,
  }
  // What `sandbox keys` has written into uni-pay's configuration.
  return { given, usualPort: resolved.port }
}

/** The configuration in the project was written for them. */
async function copyKeys(options: SpaceOptions): Promise<void> {
  const file = path.join(options.project, '.unicloud-local', 'sandbox', 'keys.json')
  await cp(file, path.join(sandboxFolder(options), 'keys.json')).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    throw new LocalError('USAGE', 'the payment sandbox of this project has no keys yet', {
      where: { file },
      hint: "run `unicloud-local sandbox keys`; for merchants that are the same on every machine set sandboxKeys: 'published' first",
      cause,
    })
  })
}

class MemorySpace implements TestSpace {
  readonly space: Space & SpaceControl
  readonly clock: TestClock
  readonly callFunction: Caller['callFunction']
  readonly importObject: Caller['importObject']
  readonly #timers: SpaceTimers
  readonly #data: string
  readonly #payments: PaymentSandbox | undefined
  #server: Promise<{ gateway: Gateway; listening: Listening }> | undefined

  constructor(
    space: Space & SpaceControl,
    clock: ManualClock,
    data: string,
    payments: PaymentSandbox | undefined,
  ) {
    this.space = space
    this.#data = data
    this.#payments = payments
    this.#timers = new SpaceTimers(space, space.options.timers)
    this.clock = createTestClock(clock, this.#timers, payments)
    const server = createCaller(space, {})
    this.callFunction = server.callFunction
    this.importObject = server.importObject
  }

  as(caller: CallerInfo): Caller {
    return createCaller(this.space, caller)
  }

  async request(target: string, init?: RequestInit): Promise<Response> {
    const { listening } = await this.listen()
    return await fetch(new URL(target, listening.url), init)
  }

  get sandbox(): TestSandbox {
    if (this.#payments) return new TestSandbox((target, init) => this.request(target, init))
    throw new LocalError('USAGE', 'this space has no payment sandbox', {
      hint: 'createSpace({ sandbox: true })',
    })
  }

  fireTimer(functionName: string, at?: Date): Promise<Outcome> {
    return this.#timers.fireNow(functionName, at)
  }

  async db(): Promise<DatabaseApi> {
    const { space } = this
    return createDatabaseApi({
      database: await space.database(),
      name: space.databaseName,
      provider: space.manifest.provider,
      clock: space.clock,
      requestId: () => 'test',
      warn: () => {},
      allowNewerOperators: true,
    })
  }

  async seed(documents: Record<string, readonly object[]>): Promise<void> {
    const db = await this.db()
    const database = await this.space.database()
    for (const [name, rows] of Object.entries(documents)) {
      // Providers other than aliyun refuse to write to a collection that does not exist.
      await database.command(this.space.databaseName, { create: name }).catch(ignoreExisting)
      if (rows.length > 0) await db.collection(name).add([...rows])
    }
  }

  logs(functionName?: string): LogEntry[] {
    const entries = this.space.logs.list()
    return functionName === undefined
      ? entries
      : entries.filter((entry) => entry.functionName === functionName)
  }

  async close(): Promise<void> {
    this.#timers[Symbol.dispose]()
    await (await this.#server)?.gateway.close(0)
    await this.#payments?.close()
    await this.space.close({ graceMs: 1000 })
    // A thread that was ended may have left a write in flight.
    await rm(this.#data, { recursive: true, force: true, maxRetries: 5 })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  listen(): Promise<{ gateway: Gateway; listening: Listening }> {
    this.#server ??= this.#listen()
    return this.#server
  }

  async #listen(): Promise<{ gateway: Gateway; listening: Listening }> {
    const { createGateway } = await import('../runtime/gateway/server.ts')
    const { storage, clientStorage, push } = this.space.services
    const client = { storage: clientStorage }
    const gateway = createGateway(this.space, {
      triggers: this.#timers,
      storage,
      channels: push,
      client,
      ...(this.#payments ? { sandbox: this.#payments } : {}),
    })
    return { gateway, listening: await gateway.listen() }
  }
}

/** 48 NamespaceExists. */
function ignoreExisting(error: { code?: number }): void {
  if (error.code !== 48) throw error
}
