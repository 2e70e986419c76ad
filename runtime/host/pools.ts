/** The pools of all functions of a space, and which of them a change of the project concerns. */
import type { HostMessage } from '../bridge.ts'
import type { FunctionEntry, Manifest } from '../project/manifest.ts'
import type { PoolStatus, ReloadReport } from '../space-api.ts'
import type { Carrier } from './carrier.ts'
import { failures } from './failures.ts'
import { Pool } from './pool.ts'
import type { PoolHost } from './pool-host.ts'

/** How long an instance that was ended may take to be gone. */
const killLimitMs = 3000

export class Pools {
  readonly #host: PoolHost
  readonly #pools = new Map<string, Pool>()
  /** Pools of functions that are gone from the project and still have running calls. */
  readonly #leaving = new Set<Pool>()

  constructor(host: PoolHost) {
    this.#host = host
  }

  of(entry: FunctionEntry): Pool {
    let pool = this.#pools.get(entry.name)
    if (!pool) {
      pool = new Pool(entry, this.#host)
      this.#pools.set(entry.name, pool)
    }
    return pool
  }

  /**
   * Renews the pools whose code or configuration changed between two readings of the project.
   * @param changedFiles undefined: everything may have changed
   */
  follow(before: Manifest, after: Manifest, changedFiles: readonly string[] | undefined): ReloadReport {
    // A module that came or went changes what `require` finds, in files nobody touched.
    const everything =
      changedFiles === undefined || !same(before.modules, after.modules) || before.provider !== after.provider
    const report: ReloadReport = {
      reloaded: [],
      added: Object.keys(after.functions).filter((name) => !Object.hasOwn(before.functions, name)),
      removed: Object.keys(before.functions).filter((name) => !Object.hasOwn(after.functions, name)),
    }
    for (const name of report.removed) this.#remove(name)
    for (const [name, pool] of this.#pools) {
      const entry = after.functions[name]
      if (!entry) continue
      const concerned = everything || !same(pool.entry, entry) || touches(pool, changedFiles)
      if (!concerned) continue
      pool.renew(entry)
      report.reloaded.push(name)
    }
    return report
  }

  using(file: string): string[] {
    return [...this.#pools].filter(([, pool]) => pool.uses(file)).map(([name]) => name)
  }

  get restless(): boolean {
    for (const pool of this.#pools.values()) if (pool.restless) return true
    return false
  }

  tick(now: number): void {
    for (const pool of this.#pools.values()) if (pool.restless) pool.tick(now)
  }

  /** What carries user code now. */
  *carriers(): Iterable<Carrier> {
    for (const pool of [...this.#pools.values(), ...this.#leaving]) yield* pool.carriers()
  }

  broadcast(message: HostMessage): void {
    for (const pool of this.#pools.values()) pool.broadcast(message)
  }

  status(): PoolStatus[] {
    return [...this.#pools.values()].map((pool) => pool.status())
  }

  /** Lets running calls end for `graceMs`; then ends them. */
  async close(graceMs: number): Promise<void> {
    const all = [...this.#pools.values(), ...this.#leaving]
    const closed = Promise.all(all.map((pool) => pool.close(failures.closed())))
    const limit = setTimeout(() => {
      for (const pool of all) void pool.kill()
    }, graceMs)
    // A thread in the depths of the engine may not notice that it was ended; it does not hold up the rest.
    await Promise.race([closed, elapsed(graceMs + killLimitMs)])
    clearTimeout(limit)
  }

  // internals

  #remove(name: string): void {
    const pool = this.#pools.get(name)
    if (!pool) return
    this.#pools.delete(name)
    this.#leaving.add(pool)
    void pool.close(failures.notFound(name)).then(() => this.#leaving.delete(pool))
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function touches(pool: Pool, changedFiles: readonly string[]): boolean {
  return pool.unsettled || changedFiles.some((file) => pool.uses(file))
}

/** Both come out of the same reader, member by member in the same order. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
