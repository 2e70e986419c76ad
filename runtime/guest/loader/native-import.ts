/**
 * What CommonJS lacks and transformed code may use: `import()` that knows public modules and TypeScript, and
 * `import.meta`. Both hang on the module object, where the transform points them (runtime/source-transform.ts).
 */
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createRequire, isBuiltin, type LoadedModule, newModule } from './node-module.ts'

/** @param isUserCode whether a request, made by this module, leads to user code rather than to an npm package */
export function addModuleSyntaxSupport(
  module: LoadedModule,
  file: string,
  isUserCode: (request: string) => boolean,
): void {
  let native: ((request: string, options?: object) => Promise<unknown>) | undefined
  define(module, 'dynamicImport', () => async (request: unknown, options?: object) => {
    const asked = requestText(request)
    if (!isBuiltin(asked) && isUserCode(asked)) return namespaceOf(module.require(asked))
    native ??= nativeImport(file)
    return native(asked, options)
  })
  define(module, 'importMeta', () => ({
    url: pathToFileURL(file).href,
    filename: file,
    dirname: path.dirname(file),
    resolve: (request: string) => pathToFileURL(resolveFrom(module, request)).href,
  }))
}

// internals

/** Made at the first use: most modules never need it. */
function define(module: LoadedModule, name: string, make: () => unknown): void {
  Object.defineProperty(module, name, {
    configurable: true,
    get() {
      const value = make()
      Object.defineProperty(module, name, { value, configurable: true })
      return value
    },
  })
}

function requestText(request: unknown): string {
  const text = String(request)
  return text.startsWith('file:') ? fileURLToPath(text) : text
}

/**
 * Node's own `import()`, resolving from the user's folder: ESM-only packages and their `import` conditions work.
 * Compiled as a module of that folder, because resolution starts from the file the words stand in.
 */
function nativeImport(file: string): (request: string, options?: object) => Promise<unknown> {
  const module = newModule(path.join(path.dirname(file), '[import]'))
  module._compile(
    'module.exports = (request, options) => options === undefined ? import(request) : import(request, options)',
    module.id,
    'commonjs',
  )
  return module.exports as (request: string, options?: object) => Promise<unknown>
}

/** What `import()` of CommonJS gives: everything by name, the whole as default. Converted modules are as they are. */
function namespaceOf(exports: unknown): unknown {
  const isObject = (typeof exports === 'object' && exports !== null) || typeof exports === 'function'
  if (isObject && (exports as { __esModule?: unknown }).__esModule) return exports
  return Object.assign(Object.create(null), isObject ? exports : {}, { default: exports })
}

function resolveFrom(module: LoadedModule, request: string): string {
  return createRequire(module.filename ?? process.cwd()).resolve(request)
}
