/**
 * The part of Node's CommonJS loader that its types leave out but that every hook in the ecosystem builds on. We hook
 * it instead of writing a second loader: `require.cache`, `require.resolve`, circular requires, `exports` maps, JSON
 * and add-ons then behave exactly as in Node, because they are Node's (docs/decisions/loader.md).
 */
import Module from 'node:module'

/** A module object of CommonJS code. */
export interface LoadedModule {
  id: string
  /** Folder of the file. */
  path: string
  filename: string | null
  exports: unknown
  paths: string[]
  require(id: string): unknown
  /** @param format `commonjs`: never look for module syntax again */
  _compile(code: string, filename: string, format?: 'commonjs'): unknown
}

export type ExtensionHandler = (module: LoadedModule, filename: string) => void
export type ModuleCache = Record<string, LoadedModule | undefined>
export interface ResolveOptions {
  paths?: string[]
}

interface ModuleInternals {
  _load(request: string, parent: LoadedModule | null | undefined, isMain: boolean): unknown
  _resolveFilename(
    request: string,
    parent: LoadedModule | null | undefined,
    isMain: boolean,
    options?: ResolveOptions,
  ): string
  _extensions: Record<string, ExtensionHandler>
  _cache: ModuleCache
}

export const nodeModule = Module as unknown as ModuleInternals

export const createRequire = Module.createRequire

/** A module that nobody has loaded or can require. */
export function newModule(id: string): LoadedModule {
  return new (Module as unknown as new (id: string) => LoadedModule)(id)
}

/** Whether Node itself has a module of this name, with or without `node:`. */
export const isBuiltin: (name: string) => boolean = Module.isBuiltin
