/**
 * What a bare name means to user code: a public module, by `file:` path or by name (spec/runtime.md §1.4). Everything
 * else is an npm package and Node's business.
 */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { GuestSpace } from '../../bridge.ts'
import type { FunctionEntry, ModuleEntry } from '../../project/manifest.ts'
import { sourceFile } from '../shown-paths.ts'
import { type Owner, Owners } from './owners.ts'

/** Merged out of several folders, so a `file:` path to one of them means the whole (spec/config-center.md §1). */
const mergedModule = 'uni-config-center'

export class PublicModules {
  readonly owners: Owners
  readonly #table: Readonly<Record<string, ModuleEntry>>
  readonly #function: Owner
  readonly #loose: boolean
  #closure: Map<string, Owner> | undefined

  constructor(space: Pick<GuestSpace, 'modules' | 'projectRoot' | 'looseModules'>, entry: FunctionEntry) {
    this.#table = space.modules
    this.#loose = space.looseModules
    this.owners = new Owners(space.projectRoot)
    this.#function = this.owners.add({
      name: entry.name,
      kind: 'function',
      dir: entry.dir,
      declaredIn: entry.dir,
      dependencies: entry.dependencies ?? {},
      shipped: entry.origin === 'builtin',
    })
    // All of them, for npm may have linked one into node_modules: its files are user code all the same.
    for (const module of Object.values(space.modules)) this.#fromTable(module)
  }

  get function(): Owner {
    return this.#function
  }

  /**
   * The module a name stands for in a file of `from`: what it declares itself, else what the function and its modules
   * declare among them, for the cloud installs those side by side.
   */
  find(name: string, from: Owner | undefined): Owner | undefined {
    const spec = from?.dependencies[name]
    const own = from && spec !== undefined ? this.#declared(name, spec, from) : undefined
    if (own) return own
    this.#closure ??= this.#collect()
    return this.#closure.get(name) ?? (this.#loose ? this.byName(name) : undefined)
  }

  /** A module of the project, declared or not. */
  byName(name: string): Owner | undefined {
    const module = Object.hasOwn(this.#table, name) ? this.#table[name] : undefined
    return module && this.#fromTable(module)
  }

  /** Its package.json has `exports`, so sub-paths follow Node's rules for it. */
  hasExports(name: string): boolean {
    return Object.hasOwn(this.#table, name) && this.#table[name]?.hasExports === true
  }

  /** The user's own copy of a file that was read from an overlay. */
  sourceOf(file: string): string {
    const module = this.#table[mergedModule]
    return (module && sourceFile(file, module)) ?? file
  }

  // internals

  /** Breadth first: the function's own declarations come before those of its modules. */
  #collect(): Map<string, Owner> {
    const closure = new Map<string, Owner>()
    const queue = [this.#function]
    for (const owner of queue) {
      for (const [name, spec] of Object.entries(owner.dependencies)) {
        if (closure.has(name)) continue
        const found = this.#declared(name, spec, owner)
        if (found === undefined) continue
        closure.set(name, found)
        queue.push(found)
      }
    }
    return closure
  }

  #declared(name: string, spec: string, from: Owner): Owner | undefined {
    const target = /^(?:file|link):(?:\/\/)?(.*)$/s.exec(spec)?.[1]
    // A version: npm's, and only without it a public module of that name.
    if (target === undefined) return undefined
    if (name === mergedModule) return this.byName(name)
    const dir = path.resolve(from.declaredIn, target)
    if (!isFolder(dir)) return this.byName(name)
    const known = this.byName(name)
    if (known?.declaredIn === dir) return known
    return this.owners.add({
      name,
      kind: 'module',
      dir,
      declaredIn: dir,
      dependencies: readDependencies(dir),
      shipped: from.shipped,
    })
  }

  #fromTable(module: ModuleEntry): Owner {
    return this.owners.add({
      name: module.name,
      kind: 'module',
      dir: module.dir,
      declaredIn: module.sources?.[0] ?? module.dir,
      dependencies: module.dependencies ?? {},
      shipped: module.origin === 'builtin',
    })
  }
}

// internals

function isFolder(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Of a folder the project reader did not list: a `file:` path that leads elsewhere. */
function readDependencies(dir: string): Record<string, string> {
  try {
    const parsed = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    return parsed.dependencies ?? {}
  } catch {
    return {}
  }
}
