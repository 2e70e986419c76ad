/**
 * Where user code finds its globals. An instance with a thread or process of its own writes them; instances that
 * share one thread (`isolation: 'in-process'`) look them up by the asynchronous context of the code that reads.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { createConsole } from './console.ts'
import { complaints } from './crashes.ts'
import type { InstanceRuntime, Scope } from './instance-runtime.ts'
import { dateOn } from './space-date.ts'
import { describeThrown } from './stack.ts'

export interface GuestGlobals {
  readonly scope: AsyncLocalStorage<Scope>
  /** Whether all that goes on in this thread belongs to one instance. */
  readonly exclusive: boolean
  install(runtime: InstanceRuntime, uniCloud: object): void
  remove(runtime: InstanceRuntime): void
}

type Globals = typeof globalThis & { uniCloud?: object; __ctx__?: object }

const consoleMethods = [
  ...(['log', 'info', 'warn', 'error', 'debug', 'dir', 'dirxml', 'table', 'trace', 'assert'] as const),
  ...(['count', 'countReset', 'group', 'groupCollapsed', 'groupEnd', 'time', 'timeEnd', 'timeLog'] as const),
]

/** For an instance that has the thread to itself. */
export class OwnGlobals implements GuestGlobals {
  readonly exclusive = true
  readonly scope: AsyncLocalStorage<Scope>

  constructor(scope: AsyncLocalStorage<Scope>) {
    this.scope = scope
  }

  install(runtime: InstanceRuntime, uniCloud: object): void {
    const target = globalThis as Globals
    target.uniCloud = uniCloud
    // Relative paths work on tencent only; a thread cannot have a working directory of its own (spec/runtime.md §2).
    if (isMainThread && runtime.space.provider === 'tencent') process.chdir(runtime.entry.dir)
    const own = createConsole((level, text) => runtime.print(level, 'console', text))
    for (const method of consoleMethods) console[method] = own[method].bind(own) as never
    const useSpaceDate = () => {
      if (globalThis.Date !== onClock) globalThis.Date = onClock
    }
    const onClock = dateOn(runtime.clock)
    const { offsetMs, frozenAt } = runtime.clock.state
    // Only once the clock was moved: until then Date is Node's own, as fast as ever.
    if (offsetMs !== 0 || frozenAt !== undefined) useSpaceDate()
    runtime.clock.onMove(useSpaceDate)
  }

  remove(): void {}
}

/** For instances side by side in one thread, the host's own. Restores what it found when the last one leaves. */
export class SharedGlobals implements GuestGlobals {
  readonly exclusive = false
  readonly scope: AsyncLocalStorage<Scope>
  readonly #clouds = new Map<InstanceRuntime, object>()
  #restore: (() => void) | undefined

  constructor(scope: AsyncLocalStorage<Scope>) {
    this.scope = scope
  }

  install(runtime: InstanceRuntime, uniCloud: object): void {
    this.#clouds.set(runtime, uniCloud)
    this.#restore ??= this.#takeOver()
  }

  remove(runtime: InstanceRuntime): void {
    this.#clouds.delete(runtime)
    if (this.#clouds.size > 0) return
    this.#restore?.()
    this.#restore = undefined
  }

  // internals

  #takeOver(): () => void {
    const target = globalThis as Globals
    const before = Object.getOwnPropertyDescriptor(target, 'uniCloud')
    Object.defineProperty(target, 'uniCloud', {
      configurable: true,
      get: () => this.#clouds.get(this.scope.getStore()?.runtime as InstanceRuntime),
    })
    const originals = consoleMethods.map((method) => [method, console[method]] as const)
    const consoles = new WeakMap<InstanceRuntime, Console>()
    for (const [method, original] of originals) {
      console[method] = ((...args: unknown[]) => {
        const runtime = this.scope.getStore()?.runtime
        if (!runtime) return (original as (...args: unknown[]) => void).apply(console, args)
        let own = consoles.get(runtime)
        if (!own) {
          own = createConsole((level, text) => runtime.print(level, 'console', text))
          consoles.set(runtime, own)
        }
        return (own[method] as (...args: unknown[]) => void)(...args)
      }) as never
    }
    const forgive = (event: 'unhandledRejection' | 'uncaughtException', error: unknown) => {
      const runtime = this.scope.getStore()?.runtime
      if (runtime) runtime.print('error', 'system', `${complaints[event]}: ${describeThrown(error)}`)
      else if (event === 'unhandledRejection') throw error
      else endAsNode(error)
    }
    const onRejection = (reason: unknown) => forgive('unhandledRejection', reason)
    const onException = (error: unknown) => forgive('uncaughtException', error)
    process.on('unhandledRejection', onRejection).on('uncaughtException', onException)
    return () => {
      process.off('unhandledRejection', onRejection).off('uncaughtException', onException)
      if (before) Object.defineProperty(target, 'uniCloud', before)
      else delete target.uniCloud
      for (const [method, original] of originals) console[method] = original as never
    }
  }
}

// internals

/** An error of the host's own, which Node would have ended the process with. */
function endAsNode(error: unknown): never {
  process.stderr.write(`${inspect(error)}\n`)
  process.exit(1)
}
