/** Cloud objects: which method a call means, and the order of `_before`, method and `_after` (spec/runtime.md §5). */
import type { CallEnd, GuestCall } from '../bridge.ts'
import type { CallFailure } from '../invocation.ts'
import { isArrowFunction } from './arrow-function.ts'
import { callThisOf } from './call-this.ts'
import type { Callee } from './callee.ts'
import { functionContext } from './context.ts'
import type { GuestRuntime } from './guest-context.ts'
import { responseFormat, resultValue, thrownFailure, unserializable } from './response.ts'
import type { RunningCall } from './running-call.ts'

type Method = (this: object, ...params: unknown[]) => unknown

/** A call, resolved: what runs, and whether the hooks surround it. */
interface Plan {
  method: Method
  name: string
  params: unknown[]
  hooks: boolean
}

/** Takes calls that carry no method; an addition of ours for objects that also answer plain `callFunction`s. */
const callHandler = '_onCall'

export class ObjectCallee implements Callee {
  readonly methods: string[]
  readonly hasTiming: boolean
  readonly warnings: string[]
  readonly #exports: Record<string, unknown>
  readonly #runtime: GuestRuntime
  readonly #defaultCode: string
  readonly #expose: (event: unknown, context: object) => void
  readonly #This: ReturnType<typeof callThisOf>

  /** @param expose as for `FunctionCallee`: modules that objects use look for the context there too */
  constructor(
    exports: unknown,
    runtime: GuestRuntime,
    defaultCode: string,
    expose: (event: unknown, context: object) => void,
  ) {
    this.#exports = isRecord(exports) ? exports : {}
    this.#runtime = runtime
    this.#defaultCode = defaultCode
    this.#expose = expose
    const names = Object.keys(this.#exports).filter((name) => this.#own(name))
    this.methods = names.filter((name) => !name.startsWith('_'))
    this.hasTiming = this.#own('_timing') !== undefined
    this.warnings = this.#suspicions(names)
    this.#This = callThisOf(names, runtime)
  }

  async invoke(running: RunningCall): Promise<CallEnd> {
    const plan = this.#resolve(running.call)
    if ('failure' in plan) return { ok: false, failure: plan.failure }
    const self = new this.#This({
      runtime: this.#runtime,
      running,
      method: plan.name,
      params: plan.params,
    })
    this.#expose({ method: plan.name, params: plan.params }, functionContext(this.#runtime, running.call))
    let result: unknown
    try {
      result = plan.hooks ? await this.#runWithHooks(self, plan) : await plan.method.apply(self, plan.params)
    } catch (error) {
      // A timer has nobody to answer a response format to: every throw of `_timing` is a failure.
      const answer = plan.hooks ? responseFormat(error) : undefined
      return answer
        ? { ok: true, value: answer }
        : { ok: false, failure: thrownFailure(error, this.#defaultCode) }
    }
    try {
      return { ok: true, value: resultValue(result, running.http) }
    } catch (error) {
      return unserializable(this.#runtime.entry.name, this.#defaultCode, error)
    }
  }

  // internals

  /** spec/runtime.md §5.2: `_after` also runs when `_before` or the method threw, and may swallow the error. */
  async #runWithHooks(self: object, plan: Plan): Promise<unknown> {
    const before = this.#own('_before')
    const after = this.#own('_after')
    if (!after) {
      if (before) await before.call(self)
      return plan.method.apply(self, plan.params)
    }
    let result: unknown
    try {
      if (before) await before.call(self)
      result = await plan.method.apply(self, plan.params)
    } catch (error) {
      // `throw undefined` must not look like success to an `if (error)`.
      return after.call(self, error ?? new Error(`${error} was thrown`), undefined)
    }
    return after.call(self, null, result)
  }

  #resolve(call: GuestCall): Plan | { failure: CallFailure } {
    const { payload } = call
    switch (payload.type) {
      case 'method':
        return this.#planOf(payload.method, payload.params)
      case 'timing': {
        const timing = this.#own('_timing')
        if (!timing) return notFound('Method[_timing] not found')
        return { method: timing, name: '_timing', params: [payload.param], hooks: false }
      }
      case 'http': {
        const segment = payload.http.path.split('/')[1] ?? ''
        if (segment === '') return this.#planWithoutMethod(payload.http)
        const name = decodeSegment(segment)
        if (name.includes('/')) return notFound(`Method[${name}] not found`)
        return this.#planOf(name, [payload.http.queryStringParameters])
      }
      case 'event': {
        const { method, params } = isRecord(payload.event) ? payload.event : {}
        if (method === undefined || method === null || method === '') {
          return this.#planWithoutMethod(payload.event ?? {})
        }
        return this.#planOf(String(method), asArray(params))
      }
    }
  }

  #planOf(name: string, params: unknown[]): Plan | { failure: CallFailure } {
    if (name === '') return notFound('Method name is required')
    if (name.startsWith('_')) return notFound(`Method[${name}] is private and can not be called`)
    const method = this.#own(name)
    return method ? { method, name, params, hooks: true } : notFound(`Method[${name}] not found`)
  }

  #planWithoutMethod(event: unknown): Plan | { failure: CallFailure } {
    const method = this.#own(callHandler)
    return method
      ? { method, name: callHandler, params: [event], hooks: true }
      : notFound('Method name is required')
  }

  /** An own function of the exports; inherited names (`constructor`, `toString`) do not count. */
  #own(name: string): Method | undefined {
    if (!Object.hasOwn(this.#exports, name)) return undefined
    const value = this.#exports[name]
    return typeof value === 'function' ? (value as Method) : undefined
  }

  #suspicions(names: readonly string[]): string[] {
    const { entry } = this.#runtime
    const warnings = names
      .filter((name) => isArrowFunction(this.#own(name) as Method))
      .map((name) => `[${entry.name}] method [${name}] is an arrow function, "this" will be wrong`)
    if (names.length === 0) warnings.push(`[${entry.name}] exports no method: nothing in it can be called`)
    if (entry.config.triggers.length > 0 && !this.hasTiming) {
      warnings.push(`[${entry.name}] has a timer but no method _timing: the timer has nothing to call`)
    }
    return warnings
  }
}

function notFound(errMsg: string): { failure: CallFailure } {
  return { failure: { reason: 'method-not-found', errCode: 'METHOD_NOT_FOUND', errMsg } }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asArray(params: unknown): unknown[] {
  if (params === undefined || params === null) return []
  return Array.isArray(params) ? params : [params]
}

/** A segment that cannot be decoded stays as it is, and so names no method (spec/http.md §4). */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
