/**
 * The hooks on Node's CommonJS loader. They are one per thread or process and there may be several instances behind
 * them (`isolation: 'in-process'`), so each instance is a scope: it has a require cache of its own, and a module
 * belongs to the scope that loaded it, also when it requires something much later.
 *
 * While a scope loads, its cache stands in for `Module._cache`: loading is synchronous, so nobody else can see it.
 * Code that no scope loaded (ours, the host's in-process) keeps Node's cache and Node's resolution.
 */
import {
  type ExtensionHandler,
  type LoadedModule,
  type ModuleCache,
  nodeModule,
  type ResolveOptions,
} from './node-module.ts'
import type { NextResolve } from './request-resolver.ts'
import { StackMapper } from './stack-mapper.ts'

/** One instance's view of the loader. */
export interface ModuleScope {
  readonly cache: ModuleCache
  /** Whether a file is the user's own code, as opposed to an npm package. */
  owns(file: string): boolean
  /** Whether a file lies in the function or one of its public modules. */
  contains(file: string): boolean
  resolve(request: string, parent: LoadedModule | undefined, next: NextResolve): string
  /** Runs a file of its own. @param next Node's handler for the extension */
  run(module: LoadedModule, file: string, next: ExtensionHandler): void
}

export class ModuleHooks {
  /** Shared by all scopes: a stack may pass through several. */
  readonly stacks = new StackMapper()
  readonly #scopes = new Set<ModuleScope>()
  readonly #owners = new WeakMap<LoadedModule, ModuleScope>()
  readonly #originals = {
    load: nodeModule._load,
    resolve: nodeModule._resolveFilename,
    extensions: { ...nodeModule._extensions },
    cache: nodeModule._cache,
  }
  #current: ModuleScope | undefined

  /** The hooks of this thread; installed when the first scope joins. */
  static join(scope: ModuleScope): ModuleHooks {
    const holder = nodeModule as unknown as Record<symbol, ModuleHooks | undefined>
    let hooks = holder[hooksKey]
    if (hooks === undefined) {
      hooks = new ModuleHooks()
      hooks.#install()
      holder[hooksKey] = hooks
    }
    hooks.#scopes.add(scope)
    return hooks
  }

  /** The last scope that leaves takes the hooks away. */
  leave(scope: ModuleScope): void {
    this.#scopes.delete(scope)
    if (this.#scopes.size > 0) return
    this.#uninstall()
    delete (nodeModule as unknown as Record<symbol, unknown>)[hooksKey]
  }

  /** Loads a file as if one of the scope's modules had required it. */
  load(scope: ModuleScope, file: string): unknown {
    return this.#within(scope, () => this.#originals.load.call(nodeModule, file, null, false))
  }

  /** Runs code of our own that loads packages for itself, while a scope may be loading. */
  outside<T>(work: () => T): T {
    return this.#within(undefined, work)
  }

  // internals

  #install(): void {
    const { load, resolve, extensions } = this.#originals
    nodeModule._load = (request, parent, isMain) => {
      const scope = this.#scopeOf(parent)
      if (scope === this.#current) return load.call(nodeModule, request, parent, isMain)
      return this.#within(scope, () => load.call(nodeModule, request, parent, isMain))
    }
    nodeModule._resolveFilename = (request, parent, isMain, options) => {
      const scope = this.#scopeOf(parent)
      if (scope === undefined || options?.paths !== undefined)
        return resolve.call(nodeModule, request, parent, isMain, options)
      return scope.resolve(request, parent ?? undefined, (other, from) => {
        const changed: ResolveOptions | undefined = from ? { ...options, paths: from } : options
        return resolve.call(nodeModule, other, parent, isMain, changed)
      })
    }
    // `.ts` joins the extensions that `require('./a')` tries, after Node's own: `.js` wins over `.ts`.
    for (const extension of [...Object.keys(extensions), '.ts']) {
      const original = extensions[extension] ?? extensions['.js']
      if (original) nodeModule._extensions[extension] = this.#handler(original)
    }
  }

  #handler(original: ExtensionHandler): ExtensionHandler {
    return (module, filename) => {
      const scope = this.#current
      if (scope) this.#owners.set(module, scope)
      if (scope?.owns(filename)) scope.run(module, filename, original)
      else original(module, filename)
    }
  }

  #uninstall(): void {
    const { load, resolve, extensions } = this.#originals
    nodeModule._load = load
    nodeModule._resolveFilename = resolve
    for (const extension of Object.keys(nodeModule._extensions)) {
      const original = extensions[extension]
      if (original) nodeModule._extensions[extension] = original
      else delete nodeModule._extensions[extension]
    }
    this.stacks.close()
  }

  /** A module made by hand (`createRequire`) has no owner: then the scope that is loading, or whose file it names. */
  #scopeOf(parent: LoadedModule | null | undefined): ModuleScope | undefined {
    if (!parent) return this.#current
    const owner = this.#owners.get(parent)
    if (owner) return owner
    if (this.#current) return this.#current
    const file = parent.filename
    if (typeof file !== 'string') return undefined
    for (const scope of this.#scopes) if (scope.contains(file)) return scope
    return undefined
  }

  #within<T>(scope: ModuleScope | undefined, work: () => T): T {
    const outer = this.#current
    const outerCache = nodeModule._cache
    this.#current = scope
    nodeModule._cache = scope?.cache ?? this.#originals.cache
    try {
      return work()
    } finally {
      this.#current = outer
      nodeModule._cache = outerCache
    }
  }
}

/** Kept on Node's module object: sources and bundle may both be loaded in one process, but hook only once. */
const hooksKey = Symbol.for('unicloud-local.module-hooks')
