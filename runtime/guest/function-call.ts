/** Cloud functions: `exports.main(event, context)` (spec/runtime.md §4). */
import type { CallEnd, GuestCall } from '../bridge.ts'
import type { Callee } from './callee.ts'
import { functionContext } from './context.ts'
import type { GuestRuntime } from './guest-context.ts'
import { memberOf, resultValue, thrownFailure, unserializable } from './response.ts'
import type { RunningCall } from './running-call.ts'

type Main = (event: unknown, context: object) => unknown

/** What aliyun says of an entry without a usable export (spec/runtime.md §6.2). */
const noEntry = '入口函数必须为 module.exports'

export class FunctionCallee implements Callee {
  readonly methods: string[] = []
  readonly warnings: string[] = []
  readonly #exports: unknown
  readonly #runtime: GuestRuntime
  readonly #defaultCode: string
  readonly #expose: (event: unknown, context: object) => void

  /**
   * @param expose puts event and context where old libraries look for them (`uniCloud.$args`, `global.__ctx__`)
   */
  constructor(
    exports: unknown,
    runtime: GuestRuntime,
    defaultCode: string,
    expose: (event: unknown, context: object) => void,
  ) {
    this.#exports = exports
    this.#runtime = runtime
    this.#defaultCode = defaultCode
    this.#expose = expose
  }

  get hasTiming(): boolean {
    return this.#main() !== undefined
  }

  async invoke(running: RunningCall): Promise<CallEnd> {
    const main = this.#main()
    if (!main) {
      return { ok: false, failure: { reason: 'entry', errCode: 'FunctionBizError', errMsg: noEntry } }
    }
    const event = eventOf(running.call)
    const context = functionContext(this.#runtime, running.call)
    this.#expose(event, context)
    let result: unknown
    try {
      result = await main(event, context)
    } catch (error) {
      return { ok: false, failure: thrownFailure(error, this.#defaultCode) }
    }
    try {
      return { ok: true, value: resultValue(result, running.http) }
    } catch (error) {
      return unserializable(this.#runtime.entry.name, this.#defaultCode, error)
    }
  }

  // internals

  /** `module.exports.main`, else a function that is the module itself. */
  #main(): Main | undefined {
    const exports = this.#exports
    const main = memberOf(exports, 'main')
    if (typeof main === 'function') return (event, context) => main.call(exports, event, context)
    return typeof exports === 'function' ? (exports as Main) : undefined
  }
}

function eventOf(call: GuestCall): unknown {
  const { payload } = call
  switch (payload.type) {
    case 'event':
      return payload.event === undefined ? {} : payload.event
    case 'http':
      return payload.http
    case 'timing':
      return payload.param
    case 'method':
      // The space refuses this before it comes here; kept total for other hosts of the guest.
      return { method: payload.method, params: payload.params }
  }
}
