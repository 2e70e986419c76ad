/**
 * The guest kernel: an instance from `load` to `drained`. It knows one channel and nothing of threads, processes or
 * what carries it.
 */
import type { BatchChannel } from '../batch-channel.ts'
import type { CallEnd, GuestCall, GuestMessage, HostMessage } from '../bridge.ts'
import type { Claims } from '../claims.ts'
import { providers } from '../provider.ts'
import type { Callee } from './callee.ts'
import { FunctionCallee } from './function-call.ts'
import type { GuestGlobals } from './guest-globals.ts'
import { InstanceRuntime } from './instance-runtime.ts'
import { activeResources, Leftovers } from './leftovers.ts'
import { loadFailure } from './load-failure.ts'
import { createLoader, type Loader } from './loader/loader.ts'
import { ObjectCallee } from './object-call.ts'
import { RunningCall } from './running-call.ts'
import { withoutConfigFolder, withoutProjectFolder, withSourceFiles } from './shown-paths.ts'
import { createUniCloud } from './uni-cloud/index.ts'
import { packages } from './uni-cloud/packages.ts'

/** Time that work which outlives its call still gets at the end: HBuilderX's direct run (spec/runtime.md §3). */
const leftoverGraceMs = 300
/** Time for connections to close. */
const closeLimitMs = 1000

export class Kernel {
  readonly #channel: BatchChannel<GuestMessage, HostMessage>
  readonly #globals: GuestGlobals
  #runtime: InstanceRuntime | undefined
  #callee: Callee | undefined
  #loader: Loader | undefined
  #failure: CallEnd | undefined
  #leftovers: Leftovers | undefined
  #draining = false
  readonly #claims: Claims | undefined
  /** Handed ahead and not started. */
  readonly #ahead: Array<HostMessage & { t: 'call' }> = []

  /** Listens at once; the carrier tells the host that it may `load`. */
  constructor(channel: BatchChannel<GuestMessage, HostMessage>, globals: GuestGlobals, claims?: Claims) {
    this.#channel = channel
    this.#globals = globals
    this.#claims = claims
    channel.listen((message) => this.#receive(message))
    channel.onUnsendable((message, error) => this.#unsendable(message, error))
  }

  /** A line of our own about the user's code, with the request whose code is running. */
  complain(text: string): void {
    this.#runtime?.print('error', 'system', text)
  }

  // internals

  #receive(message: HostMessage): void {
    switch (message.t) {
      case 'call':
        if (this.#runtime?.running.size && message.ahead) this.#ahead.push(message)
        else this.#call(message)
        break
      case 'reply':
        this.#runtime?.requests.settle(message)
        break
      case 'load':
        this.#load(message)
        break
      case 'warm':
        packages.databaseClient()
        break
      case 'clock':
        this.#runtime?.setClock(message.clock)
        break
      case 'space':
        this.#runtime?.update(message.change)
        break
      case 'port':
        this.#runtime?.receiveFromDatabase(message.data)
        break
      case 'drain':
        void this.#drain()
    }
  }

  #load(message: HostMessage & { t: 'load' }): void {
    const { scope } = this.#globals
    const runtime = new InstanceRuntime(message, this.#channel, scope)
    this.#runtime = runtime
    const uniCloud = createUniCloud(runtime)
    const loader = createLoader({
      space: runtime.space,
      entry: runtime.entry,
      exclusive: this.#globals.exclusive,
      onFiles: (files) => this.#channel.send({ t: 'files', files }),
    })
    this.#loader = loader
    this.#globals.install(runtime, uniCloud)
    const profile = providers[runtime.space.provider]
    if (profile.afterReturn === 'freeze' && this.#globals.exclusive) this.#leftovers = new Leftovers(runtime)
    try {
      const exports = scope.run({ runtime }, () => loader.loadEntry())
      const Kind = runtime.entry.kind === 'cloudobject' ? ObjectCallee : FunctionCallee
      const callee = new Kind(exports, runtime, profile.defaultErrorCode, exposeTo(runtime, uniCloud))
      this.#callee = callee
      const { methods, hasTiming } = callee
      const warnings = [...loader.warnings(), ...callee.warnings]
      this.#channel.send({ t: 'loaded', files: loader.files(), methods, hasTiming, warnings })
    } catch (error) {
      const failure = loadFailure(error)
      failure.errMsg = withoutProjectFolder(failure.errMsg, runtime.space)
      if (failure.stack) failure.stack = withSourceFiles(failure.stack, runtime.space)
      this.#failure = { ok: false, failure: { reason: 'load', ...failure } }
      this.#channel.send({ t: 'load-failed', files: loader.files(), failure })
    }
    this.#channel.flush()
  }

  #call({ id, json, slot }: HostMessage & { t: 'call' }): void {
    if (slot !== undefined && !this.#claims?.take(slot, id)) return
    const runtime = this.#runtime
    const callee = this.#callee
    if (!runtime || !callee) {
      if (this.#failure) this.#channel.send({ t: 'result', id, end: this.#failure, ms: 0 })
      return
    }
    if (runtime.running.size === 0) this.#leftovers?.callStarts()
    const running = new RunningCall(JSON.parse(json) as GuestCall)
    runtime.running.set(id, running)
    const ended = this.#globals.scope.run({ runtime, running }, () => callee.invoke(running))
    void ended.then((end) => this.#finish(runtime, id, end, performance.now() - running.startedAt))
  }

  #finish(runtime: InstanceRuntime, id: number, end: CallEnd, ms: number): void {
    runtime.running.delete(id)
    if (!end.ok) {
      const { failure } = end
      failure.errMsg = withoutConfigFolder(failure.errMsg, runtime.space)
      if (failure.stack) failure.stack = withSourceFiles(failure.stack, runtime.space)
    }
    if (end.ok && end.value.type === 'json' && !end.value.absent) {
      this.#channel.send({ t: 'value', id, text: end.value.text, ms })
    } else this.#channel.send({ t: 'result', id, end, ms })
    while (this.#ahead.length > 0 && runtime.running.size === 0) {
      this.#call(this.#ahead.shift() as HostMessage & { t: 'call' })
    }
    if (runtime.running.size > 0) return
    if (this.#draining) void this.#drain()
    else this.#leftovers?.callReturned(runtime.requests.open)
  }

  /** Comes once from the host, and again when the last running call ended. */
  async #drain(): Promise<void> {
    this.#draining = true
    const runtime = this.#runtime
    if (runtime) {
      if (runtime.running.size > 0) return
      await this.#waitForLeftovers(runtime)
      await within(closeLimitMs, runtime.closeAll())
      this.#loader?.close()
      this.#globals.remove(runtime)
    }
    this.#channel.send({ t: 'drained' })
    this.#channel.flush()
  }

  async #waitForLeftovers(runtime: InstanceRuntime): Promise<void> {
    const end = performance.now() + leftoverGraceMs
    const busy = () => runtime.requests.open > 0 || (this.#globals.exclusive && activeResources().length > 0)
    while (performance.now() < end && busy()) {
      await new Promise((resolve) => setTimeout(resolve, 10).unref())
    }
  }

  #unsendable(message: GuestMessage, error: unknown): void {
    if (message.t === 'request') this.#runtime?.requests.failToSend(message.id, error)
    else this.complain(`a message of the instance cannot be sent: ${error}`)
  }
}

/** Old libraries look for the context there; with several calls at once it would be another's (spec/runtime.md §2). */
function exposeTo(runtime: InstanceRuntime, uniCloud: object): (event: unknown, context: object) => void {
  if (runtime.entry.config.concurrency > 1) return () => {}
  const cloud = uniCloud as { $args?: unknown; $ctx?: object }
  const target = globalThis as { __ctx__?: object }
  return (event, context) => {
    cloud.$args = event
    cloud.$ctx = context
    target.__ctx__ = context
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}
