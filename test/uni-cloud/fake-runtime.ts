/** An instance without a thread: `uniCloud` over host services called directly, cloned as the bridge clones. */
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import type { BridgeService, GuestCall, GuestSpace } from '../../runtime/bridge.ts'
import type { ActiveCall, GuestRuntime } from '../../runtime/guest/guest-context.ts'
import { bridgeError } from '../../runtime/host/bridge-error.ts'
import type { HostService } from '../../runtime/host/services.ts'
import type { FunctionEntry } from '../../runtime/project/manifest.ts'

export interface FakeRuntime extends GuestRuntime {
  readonly clock: AdjustableClock
  /** What was logged: `level channel text`. */
  readonly lines: string[]
  /** Ends the instance. */
  drain(): Promise<void>
}

export interface FakeOptions {
  space?: Partial<GuestSpace>
  extensions?: string[]
  services?: Partial<Record<BridgeService, Pick<HostService, 'handle'>>>
  clock?: AdjustableClock
  calls?: ActiveCall[]
}

export function fakeRuntime(options: FakeOptions = {}): FakeRuntime {
  const lines: string[] = []
  const warned = new Set<string>()
  const drains: (() => void | Promise<void>)[] = []
  const clock = options.clock ?? new AdjustableClock()
  const calls = options.calls ?? []
  return {
    space: fakeSpace(options.space),
    entry: fakeEntry(options.extensions ?? []),
    clock,
    lines,
    async request(service, method, args) {
      const handler = options.services?.[service]
      if (!handler) throw new Error(`no service ${service}`)
      try {
        const context = { functionName: 'fake', requestId: calls[0]?.call.requestId ?? '' }
        return structuredClone(await handler.handle(method, structuredClone(args), context))
      } catch (error) {
        const { message, name, code, details } = structuredClone(bridgeError(error))
        const received = Object.assign(new Error(message), details, code === undefined ? {} : { code })
        if (name) received.name = name
        throw received
      }
    },
    currentCall: () => calls[0],
    activeCalls: () => calls,
    now: () => clock.now(),
    log: (level, channel, args) => void lines.push(`${level} ${channel} ${args.join(' ')}`),
    warnOnce(key, text) {
      if (!warned.has(key)) lines.push(`warn system ${text}`)
      warned.add(key)
    },
    databasePort: () => Promise.reject(new Error('no database')),
    onDrain: (callback) => void drains.push(callback),
    drain: async () => void (await Promise.all(drains.map((callback) => callback()))),
  }
}

/** A call as it runs in an instance. */
export function fakeCall(requestId: string): ActiveCall {
  const call: GuestCall = {
    requestId,
    payload: { type: 'event', event: {} },
    source: 'client',
    clientIP: '127.0.0.1',
    userAgent: 'test',
    ancestors: [],
    deadline: 0,
  }
  return { call, clientInfo: { clientIP: '127.0.0.1', userAgent: 'test', source: 'client', requestId } }
}

// internals

function fakeSpace(overrides: Partial<GuestSpace> = {}): GuestSpace {
  return {
    spaceId: 'fake-space',
    provider: 'aliyun',
    runtimeEnv: 'local',
    modules: {},
    functions: {},
    projectRoot: '/',
    looseModules: false,
    transformCache: '',
    hostMap: {},
    network: 'allow',
    redis: { kind: 'memory' },
    databaseName: 'fake',
    allowNewerOperators: false,
    clock: { offsetMs: 0 },
    otherSpaces: [],
    publicUrl: 'http://127.0.0.1:7100',
    storageSecret: 'secret',
    ...overrides,
  }
}

function fakeEntry(extensions: string[]): FunctionEntry {
  return {
    name: 'fake',
    kind: 'cloudfunction',
    dir: '/',
    entry: '/index.js',
    origin: 'project',
    config: {
      timeout: 5,
      timingTimeout: 5,
      memorySize: 256,
      concurrency: 1,
      path: '',
      triggers: [],
      keepRunningAfterReturn: true,
    },
    extensions,
    problems: [],
  }
}
