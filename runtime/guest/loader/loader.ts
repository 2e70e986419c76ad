/**
 * Loads user code into an instance: CommonJS as Node and uniCloud resolve it, TypeScript and module syntax besides
 * (spec/runtime.md §1.4, §2). Node's own loader does the work; this adds public modules, transforms, and a record of
 * the files that were read, by which a reload knows whom it concerns.
 */
import { readFileSync } from 'node:fs'
import type { GuestSpace } from '../../bridge.ts'
import type { FunctionEntry } from '../../project/manifest.ts'
import { withoutMark } from '../../source-transform.ts'
import { Compiler } from './compiler.ts'
import { fromJson, fromScript } from './load-error.ts'
import { ModuleHooks, type ModuleScope } from './module-hooks.ts'
import { addModuleSyntaxSupport } from './native-import.ts'
import { type ExtensionHandler, type LoadedModule, type ModuleCache, nodeModule } from './node-module.ts'
import { PublicModules } from './public-modules.ts'
import { type NextResolve, RequestResolver } from './request-resolver.ts'

export interface LoaderOptions {
  space: Pick<GuestSpace, 'modules' | 'projectRoot' | 'looseModules' | 'transformCache' | 'debugged'>
  entry: FunctionEntry
  /** Files of the user that were read after `loadEntry` returned. */
  onFiles(files: string[]): void
  /**
   * The thread or process is this instance's alone: it uses Node's require cache, and so shares packages with
   * `import()`. Default false: a cache of its own, side by side with other instances.
   */
  exclusive?: boolean
}

export interface Loader {
  /**
   * Runs the entry file, once.
   * @returns its exports; of module syntax the default export, unless the named ones are what uniCloud calls
   * @throws whatever the user's code throws; syntax errors carry `place` and `frame`
   */
  loadEntry(): unknown
  /** Files of the user read so far, and files looked for in vain: creating one of those changes the outcome. */
  files(): string[]
  /** What works here but would not in the cloud. */
  warnings(): string[]
  /** Gives the hooks back; modules already loaded go on working, but can no longer require public modules. */
  close(): void
}

export function createLoader(options: LoaderOptions): Loader {
  return new InstanceLoader(options)
}

// internals

class InstanceLoader implements Loader, ModuleScope {
  readonly cache: ModuleCache
  readonly #entry: FunctionEntry
  readonly #requests: RequestResolver
  readonly #modules: PublicModules
  readonly #hooks: ModuleHooks
  readonly #compiler: Compiler
  readonly #onFiles: (files: string[]) => void
  readonly #files = new Set<string>()
  readonly #warnings = new Set<string>()
  #late: string[] | undefined

  constructor({ space, entry, onFiles, exclusive }: LoaderOptions) {
    this.cache = exclusive ? nodeModule._cache : Object.create(null)
    this.#entry = entry
    this.#onFiles = onFiles
    this.#modules = new PublicModules(space, entry)
    this.#requests = new RequestResolver(this.#modules, space.projectRoot, {
      missing: (file) => this.#record(file),
      warn: (text) => void this.#warnings.add(text),
    })
    this.#hooks = ModuleHooks.join(this)
    this.#compiler = new Compiler(
      { cacheDir: space.transformCache, debugged: space.debugged ?? false },
      this.#hooks,
    )
  }

  loadEntry(): unknown {
    // The frames of the loader come between those of the user; ten in all would not reach far.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = Math.max(stackTraceLimit, 50)
    try {
      return entryExports(this.#hooks.load(this, this.#entry.entry), this.#entry.kind)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
      this.#late = []
    }
  }

  files(): string[] {
    return [...this.#files]
  }

  warnings(): string[] {
    return [...this.#warnings]
  }

  close(): void {
    this.#hooks.leave(this)
  }

  owns(file: string): boolean {
    return this.#modules.owners.isUserFile(file)
  }

  contains(file: string): boolean {
    return this.#modules.owners.of(file) !== undefined
  }

  run(module: LoadedModule, file: string, next: ExtensionHandler): void {
    this.#record(file)
    if (file.endsWith('.json')) runJson(module, file, next)
    else if (file.endsWith('.node')) next(module, file)
    else this.#runScript(module, file)
  }

  resolve(request: string, parent: LoadedModule | undefined, next: NextResolve): string {
    return this.#requests.resolve(request, parent, next)
  }

  // internals

  #runScript(module: LoadedModule, file: string): void {
    const { text, code, transformed } = this.#compiler.compile(file)
    if (transformed)
      addModuleSyntaxSupport(module, file, (request) => this.#requests.leadsToUserCode(request, module))
    try {
      module._compile(code, file, 'commonjs')
    } catch (error) {
      fromScript(file, text, error)
      throw error
    }
  }

  #record(file: string): void {
    const source = this.#modules.sourceOf(file)
    if (this.#files.has(source)) return
    this.#files.add(source)
    if (this.#late === undefined) return
    if (this.#late.length === 0) queueMicrotask(() => this.#onFiles(this.#late?.splice(0) ?? []))
    this.#late.push(source)
  }
}

/** JSON is Node's business (it also drops a byte order mark); only the place of an error is added. */
function runJson(module: LoadedModule, file: string, next: ExtensionHandler): void {
  try {
    next(module, file)
  } catch (error) {
    fromJson(file, withoutMark(readFileSync(file, 'utf8')), error)
    throw error
  }
}

/** `export default` of an ES module or TypeScript entry (spec/runtime.md §1.2). */
function entryExports(exports: unknown, kind: FunctionEntry['kind']): unknown {
  if (typeof exports !== 'object' || exports === null) return exports
  const module = exports as { __esModule?: unknown; default?: unknown; main?: unknown }
  if (!module.__esModule || module.default === undefined) return exports
  return kind === 'cloudfunction' && typeof module.main === 'function' ? exports : module.default
}
