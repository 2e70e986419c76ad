/**
 * Loads user code into an instance: CommonJS as Node and uniCloud resolve it, TypeScript and module syntax besides
 * (spec/runtime.md §1.4, §2). Node's own loader does the work; this adds public modules, transforms, and a record of
 * the files that were read, by which a reload knows whom it concerns.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { GuestSpace } from '../../bridge.ts'
import type { FunctionEntry } from '../../project/manifest.ts'
import { withoutMark } from '../../source-transform.ts'
import { Compiler } from './compiler.ts'
import { fromJson, fromScript } from './load-error.ts'
import { caseHint, explainMissing, isMissing, packageHint } from './missing-module.ts'
import { ModuleHooks, type ModuleScope } from './module-hooks.ts'
import { addModuleSyntaxSupport } from './native-import.ts'
import {
  type ExtensionHandler,
  isBuiltin,
  type LoadedModule,
  type ModuleCache,
  nodeModule,
} from './node-module.ts'
import { isInside, type Owner } from './owners.ts'
import { PublicModules } from './public-modules.ts'

export interface LoaderOptions {
  space: Pick<GuestSpace, 'modules' | 'projectRoot' | 'looseModules' | 'transformCache'>
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
  readonly #projectRoot: string
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
    this.#projectRoot = space.projectRoot
    this.#onFiles = onFiles
    this.#modules = new PublicModules(space, entry)
    this.#hooks = ModuleHooks.join(this)
    this.#compiler = new Compiler(space.transformCache, this.#hooks)
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

  resolve(
    request: string,
    parent: LoadedModule | undefined,
    next: (request: string, from?: string[]) => string,
  ): string {
    if (isBuiltin(request)) return next(request)
    const from = parent?.filename ? this.#modules.owners.of(parent.filename) : undefined
    if (isPath(request)) return this.#resolvePath(request, parent, from, next)
    // Code of npm packages, and `#imports`: nothing of ours.
    if (request.startsWith('#') || !parent?.filename || !this.owns(parent.filename)) return next(request)
    return this.#resolveName(request, from, next)
  }

  // internals

  #runScript(module: LoadedModule, file: string): void {
    const { text, code, transformed } = this.#compiler.compile(file)
    if (transformed) addModuleSyntaxSupport(module, file, (request) => this.#isUserRequest(request, module))
    try {
      module._compile(code, file, 'commonjs')
    } catch (error) {
      fromScript(file, text, error)
      throw error
    }
  }

  #resolvePath(
    request: string,
    parent: LoadedModule | undefined,
    from: Owner | undefined,
    next: (request: string) => string,
  ): string {
    try {
      const file = next(request)
      if (from && !path.isAbsolute(request)) this.#warnOfEscape(request, file, from)
      return file
    } catch (error) {
      if (!isMissing(error) || !parent?.filename || !this.owns(parent.filename)) throw error
      // TypeScript's own convention: the import names the file as it will be called once compiled.
      const source = /\.[cm]?js$/.test(request) ? request.replace(/js$/, 'ts') : undefined
      const found = source === undefined ? undefined : attempt(() => next(source))
      if (found !== undefined) return found
      const target = path.resolve(path.dirname(parent.filename), request)
      for (const ending of ['', '.js', '.ts', '.json']) this.#record(target + ending)
      throw explainMissing(error, request, request, caseHint(target))
    }
  }

  #resolveName(
    request: string,
    from: Owner | undefined,
    next: (request: string, from?: string[]) => string,
  ): string {
    const { name, subPath } = splitRequest(request)
    const found = this.#modules.find(name, from)
    if (found) return this.#resolveModule(request, found, subPath, from, next)
    try {
      const file = this.#resolvePackage(request, from, next)
      this.#warnOfUndeclared(name, file, from)
      return file
    } catch (error) {
      if (!isMissing(error)) throw error
      const declared = from?.dependencies[name] ?? this.#modules.function.dependencies[name]
      const substitute = declared === undefined ? undefined : this.#modules.byName(name)
      if (substitute) return this.#resolveModule(request, substitute, subPath, from, next)
      throw explainMissing(error, request, request, packageHint(name, from, this.#modules))
    }
  }

  #resolveModule(
    request: string,
    found: Owner,
    subPath: string,
    from: Owner | undefined,
    next: (request: string, from?: string[]) => string,
  ): string {
    const asked = found.dir + subPath.replaceAll('/', path.sep)
    try {
      // Node applies `exports` only to names it finds in a node_modules folder, or in the package itself.
      if (this.#modules.hasExports(found.name)) return this.#fromInside(request, found)
      return next(asked)
    } catch (error) {
      if (!isMissing(error)) throw error
      const hint =
        subPath === ''
          ? `the public module ${found.name} has no entry: ${path.join(found.dir, 'index.js')} does not exist`
          : undefined
      for (const ending of subPath === '' ? [`${path.sep}index.js`] : ['', '.js', '.json'])
        this.#record(asked + ending)
      throw explainMissing(error, asked, request, from ? hint : undefined)
    }
  }

  #fromInside(request: string, found: Owner): string {
    const inside = { id: found.name, filename: path.join(found.dir, 'index.js'), path: found.dir, paths: [] }
    return nodeModule._resolveFilename(request, inside as unknown as LoadedModule, false, {
      paths: [found.dir],
    })
  }

  /** From the file upwards as ever; a module also sees what the function and the project have installed. */
  #resolvePackage(
    request: string,
    from: Owner | undefined,
    next: (request: string, from?: string[]) => string,
  ): string {
    try {
      return next(request)
    } catch (error) {
      if (!isMissing(error)) throw error
      const places = [from?.declaredIn, this.#modules.function.dir, this.#projectRoot]
      const found = attempt(() =>
        next(
          request,
          places.filter((dir) => dir !== undefined),
        ),
      )
      if (found !== undefined) return found
      throw error
    }
  }

  #isUserRequest(request: string, module: LoadedModule): boolean {
    if (isPath(request)) return true
    const from = module.filename ? this.#modules.owners.of(module.filename) : undefined
    return this.#modules.find(splitRequest(request).name, from) !== undefined
  }

  #record(file: string): void {
    const source = this.#modules.sourceOf(file)
    if (this.#files.has(source)) return
    this.#files.add(source)
    if (this.#late === undefined) return
    if (this.#late.length === 0) queueMicrotask(() => this.#onFiles(this.#late?.splice(0) ?? []))
    this.#late.push(source)
  }

  /** Only the function's own folder is uploaded. */
  #warnOfEscape(request: string, file: string, from: Owner): void {
    if (isInside(file, from.dir) || this.#entry.origin === 'builtin') return
    const target = this.#modules.owners.of(file)
    const mend = target?.kind === 'module' ? `; declare the module and use require('${target.name}')` : ''
    this.#warnings.add(
      `require('${request}') leaves the folder of ${from.name}, which fails in the cloud${mend}`,
    )
  }

  /** Installed somewhere above, but the cloud installs only what package.json names. */
  #warnOfUndeclared(name: string, file: string, from: Owner | undefined): void {
    if (!from || this.#entry.origin === 'builtin' || !path.isAbsolute(file)) return
    const owners = [from, this.#modules.function]
    if (owners.some((owner) => name in owner.dependencies || isInside(file, owner.dir))) return
    this.#warnings.add(
      `${from.name} uses ${name}, which its package.json does not declare: it would be missing in the cloud`,
    )
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

function isPath(request: string): boolean {
  return /^\.{1,2}(?:[/\\]|$)/.test(request) || path.isAbsolute(request)
}

/** `@scope/name/sub/path` -> the name and the rest, which starts with a slash or is empty. */
function splitRequest(request: string): { name: string; subPath: string } {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(request)?.[0] ?? request
  return { name, subPath: request.slice(name.length) }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
