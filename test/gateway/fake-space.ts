/** A space without instances: functions are plain functions of the test, objects follow the rules of spec/runtime.md §5.2. */
import { randomUUID } from 'node:crypto'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import type { Clock } from '../../clock/clock.ts'
import type { SpaceOptions, UserConfig } from '../../runtime/config/options.ts'
import { LogStore } from '../../runtime/host/log-store.ts'
import type { CallFailure, FailureReason, HttpInfo, Invocation, Outcome } from '../../runtime/invocation.ts'
import type { FunctionEntry, Manifest, ProviderName } from '../../runtime/project/manifest.ts'
import type { Space } from '../../runtime/space-api.ts'

export type Main = (event: never, invocation: Invocation) => unknown
export type Methods = Record<string, (params: never[], http: HttpInfo | undefined) => unknown>

export interface FakeFunction {
  path?: string
  main?: Main
  methods?: Methods
}

export interface FakeSpaceOptions {
  provider?: ProviderName
  functions?: Record<string, FakeFunction>
  http?: UserConfig['http']
  client?: UserConfig['client']
  host?: string
  clock?: Clock
}

/** Thrown by a function of the test to end its call in exactly this failure. */
export class Fails extends Error {
  readonly failure: CallFailure
  constructor(reason: FailureReason, errCode: string | number, errMsg: string) {
    super(errMsg)
    this.failure = { reason, errCode, errMsg }
  }
}

export class FakeSpace implements Space {
  readonly options: SpaceOptions
  manifest: Manifest
  readonly clock: Clock
  readonly logs = new LogStore()
  readonly databaseName = 'test'
  readonly invocations: Invocation[] = []
  publicUrl?: string
  readonly #functions: Record<string, FakeFunction>
  readonly #listeners = new Set<(manifest: Manifest) => void>()

  constructor({ provider = 'aliyun', functions = {}, http, client, host, clock }: FakeSpaceOptions = {}) {
    this.#functions = functions
    this.clock = clock ?? new AdjustableClock()
    this.manifest = manifestOf(functions, provider)
    this.options = optionsOf({ host: host ?? '127.0.0.1', ...(http && { http }), ...(client && { client }) })
  }

  async invoke(invocation: Invocation): Promise<Outcome> {
    this.invocations.push(invocation)
    const requestId = invocation.requestId ?? randomUUID()
    try {
      const value = await this.#run(invocation)
      if (ArrayBuffer.isView(value))
        return { ok: true, requestId, value: { type: 'bytes', bytes: value as Uint8Array } }
      const text = JSON.stringify(value)
      return {
        ok: true,
        requestId,
        value: text === undefined ? { type: 'json', text: 'null', absent: true } : { type: 'json', text },
      }
    } catch (error) {
      return { ok: false, requestId, failure: failureOf(error) }
    }
  }

  async #run(invocation: Invocation): Promise<unknown> {
    const { name, payload } = invocation
    const entry = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined
    if (!entry)
      throw new Fails(
        'not-found',
        'FUNCTION_NOT_FOUND',
        `FUNCTION_NOT_FOUND: function [${name}] does not exist`,
      )
    if (entry.main) {
      if (payload.type === 'method')
        throw new Fails('wrong-kind', 'INVALID_FUNCTION_TYPE', `[${name}] is not a cloud object`)
      const event =
        payload.type === 'event' ? payload.event : payload.type === 'http' ? payload.http : payload.param
      return entry.main(structuredClone(event) as never, invocation)
    }
    const { method, params, http } = methodCall(invocation)
    const methods = entry.methods ?? {}
    if (!method) throw new Fails('method-not-found', 'METHOD_NOT_FOUND', 'Method name is required')
    if (method.startsWith('_'))
      throw new Fails(
        'method-not-found',
        'METHOD_NOT_FOUND',
        `Method[${method}] is private and can not be called`,
      )
    if (!Object.hasOwn(methods, method))
      throw new Fails('method-not-found', 'METHOD_NOT_FOUND', `Method[${method}] not found`)
    try {
      return await methods[method]!(params as never[], http)
    } catch (error) {
      const { errCode } = error as { errCode?: unknown }
      if (errCode) return { ...(error as object) }
      throw error
    }
  }

  /** Replaces the functions' paths, as a reload does. */
  setPath(name: string, path: string): void {
    const functions = structuredClone(this.manifest.functions)
    functions[name]!.config.path = path
    this.manifest = { ...this.manifest, functions }
    for (const listener of this.#listeners) listener(this.manifest)
  }

  onManifest(listener: (manifest: Manifest) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async methods(name: string): Promise<string[]> {
    return Object.keys(this.#functions[name]?.methods ?? {}).filter((method) => !method.startsWith('_'))
  }

  database: Space['database'] = () => Promise.reject(new Error('this space has no database'))

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

// internals

function methodCall({ payload }: Invocation): { method?: string; params: unknown[]; http?: HttpInfo } {
  if (payload.type === 'method') return payload
  if (payload.type === 'http') {
    const { http } = payload
    return {
      method: decodeURIComponent(http.path.split('/')[1] ?? ''),
      params: [http.queryStringParameters],
      http,
    }
  }
  const { method, params } = (payload.type === 'event' ? payload.event : {}) as {
    method?: string
    params?: unknown[]
  }
  return { ...(method !== undefined && { method }), params: params ?? [] }
}

function failureOf(error: unknown): CallFailure {
  if (error instanceof Fails) return error.failure
  const { errCode, code, errMsg, message } = error as Record<string, string | undefined>
  return {
    reason: 'throw',
    errCode: errCode ?? code ?? 'FunctionBizError',
    errMsg: errMsg ?? message ?? String(error),
  }
}

function manifestOf(functions: Record<string, FakeFunction>, provider: ProviderName): Manifest {
  const entries = Object.entries(functions).map(([name, { path = '', methods }]): [string, FunctionEntry] => [
    name,
    {
      name,
      kind: methods ? 'cloudobject' : 'cloudfunction',
      dir: `/project/${name}`,
      entry: `/project/${name}/index${methods ? '.obj' : ''}.js`,
      origin: 'project',
      config: {
        timeout: 5,
        timingTimeout: 5,
        memorySize: 256,
        concurrency: 1,
        path,
        triggers: [],
        keepRunningAfterReturn: true,
      },
      extensions: [],
      problems: [],
    } as FunctionEntry,
  ])
  return {
    root: '/project',
    cloudRoots: [],
    provider,
    functions: Object.fromEntries(entries),
    modules: {},
    databaseFiles: [],
    problems: [],
  }
}

function optionsOf({ host, http, client }: UserConfig): SpaceOptions {
  return {
    spaceId: 'local-space',
    host,
    port: 0,
    timers: true,
    http: {
      cors: ['localhost:*', '127.0.0.1:*'],
      trustProxy: false,
      base64: 'auto',
      aliyunDefaultDomain: false,
      ...http,
    },
    client: { strictSignature: false, clientSecret: 'local-secret', ...client },
  } as unknown as SpaceOptions
}
