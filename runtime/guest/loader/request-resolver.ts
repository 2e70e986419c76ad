/**
 * What `require(…)` means in user code: paths as Node has them (and TypeScript's), names of public modules first and
 * npm packages after (spec/runtime.md §1.4). What cannot be found is explained.
 */
import path from 'node:path'
import { caseHint, explainMissing, isMissing, packageHint } from './missing-module.ts'
import { isBuiltin, type LoadedModule, nodeModule } from './node-module.ts'
import { isInside, type Owner } from './owners.ts'
import type { PublicModules } from './public-modules.ts'

/** Node's resolution; takes another request, and other folders to start from. */
export type NextResolve = (request: string, from?: string[]) => string

export interface RequestReport {
  /** A file that was looked for in vain. */
  missing(file: string): void
  /** Something that works here but would not in the cloud. */
  warn(text: string): void
}

export class RequestResolver {
  readonly #modules: PublicModules
  readonly #projectRoot: string
  readonly #report: RequestReport

  constructor(modules: PublicModules, projectRoot: string, report: RequestReport) {
    this.#modules = modules
    this.#projectRoot = projectRoot
    this.#report = report
  }

  /** @throws Node's errors; MODULE_NOT_FOUND with a hint */
  resolve(request: string, parent: LoadedModule | undefined, next: NextResolve): string {
    const file = parent?.filename
    // Code of npm packages, and `#imports`: nothing of ours.
    if (!file || isBuiltin(request) || request.startsWith('#') || !this.#modules.owners.isUserFile(file))
      return next(request)
    const from = this.#modules.owners.of(file)
    return isPath(request)
      ? this.#resolvePath(request, file, from, next)
      : this.#resolveName(request, from, next)
  }

  /** Whether a request made by this module leads to user code rather than to an npm package. */
  leadsToUserCode(request: string, module: LoadedModule): boolean {
    if (isPath(request)) return true
    const from = module.filename ? this.#modules.owners.of(module.filename) : undefined
    return this.#modules.find(splitRequest(request).name, from) !== undefined
  }

  // internals

  #resolvePath(request: string, parent: string, from: Owner | undefined, next: NextResolve): string {
    try {
      const file = next(request)
      if (from && !path.isAbsolute(request)) this.#warnOfEscape(request, file, from)
      return file
    } catch (error) {
      if (!isMissing(error)) throw error
      // TypeScript's own convention: the import names the file as it will be called once compiled.
      const source = /\.[cm]?js$/.test(request) ? request.replace(/js$/, 'ts') : undefined
      const found = source === undefined ? undefined : attempt(() => next(source))
      if (found !== undefined) return found
      const target = path.resolve(path.dirname(parent), request)
      for (const ending of ['', '.js', '.ts', '.json']) this.#report.missing(target + ending)
      throw explainMissing(error, request, request, caseHint(target))
    }
  }

  #resolveName(request: string, from: Owner | undefined, next: NextResolve): string {
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
    next: NextResolve,
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
        this.#report.missing(asked + ending)
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
  #resolvePackage(request: string, from: Owner | undefined, next: NextResolve): string {
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

  /** Only the function's own folder is uploaded. */
  #warnOfEscape(request: string, file: string, from: Owner): void {
    if (from.shipped || isInside(file, from.dir)) return
    const target = this.#modules.owners.of(file)
    const mend = target?.kind === 'module' ? `; declare the module and use require('${target.name}')` : ''
    this.#report.warn(
      `require('${request}') leaves the folder of ${from.name}, which fails in the cloud${mend}`,
    )
  }

  /** Installed somewhere above, but the cloud installs only what package.json names. */
  #warnOfUndeclared(name: string, file: string, from: Owner | undefined): void {
    if (!from || from.shipped || !path.isAbsolute(file)) return
    const owners = [from, this.#modules.function]
    if (owners.some((owner) => name in owner.dependencies || isInside(file, owner.dir))) return
    this.#report.warn(
      `${from.name} uses ${name}, which its package.json does not declare: it would be missing in the cloud`,
    )
  }
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
