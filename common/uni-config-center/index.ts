/**
 * The public module uni-config-center, for projects that have configuration but no copy of the module
 * (spec/config-center.md). It reads `<this folder>/<pluginId>/`; so the runtime puts this one file into the folder
 * that holds the project's plug-in folders, and it must stay one file.
 *
 * `export =`, so that `require('uni-config-center')` is the function itself with every loader.
 */
import fs from 'node:fs'
import path from 'node:path'

/**
 * The configuration of one plug-in.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` without a `pluginId`
 */
function createConfig(options: createConfig.Options): createConfig.Config {
  const { pluginId, defaultConfig, customMerge, root, cache = true } = options ?? {}
  if (typeof pluginId !== 'string') {
    const message = `uni-config-center: createConfig({ pluginId }) needs a string, got ${typeof pluginId}`
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  const known = cache ? instances.get(pluginId) : undefined
  if (known) return known
  const config = new PluginConfig(path.resolve(root ?? __dirname, pluginId), defaultConfig ?? {}, customMerge)
  if (cache) instances.set(pluginId, config)
  return config
}

namespace createConfig {
  export interface Options {
    /** Name of the sub-folder. */
    pluginId: string
    /** Merged under the content of config.json; modified by that. */
    defaultConfig?: Record<string, unknown>
    /** Replaces the merge; `userConfig` is undefined when there is no config.json. */
    customMerge?: (defaultConfig: Record<string, unknown>, userConfig: unknown) => unknown
    /** Base folder; default: the module's own. */
    root?: string
    /** False makes a new instance; by default a plug-in id has one, which ignores the arguments of later calls. */
    cache?: boolean
  }

  /** `a.b[1].c`, a list of keys, or an index of a root array. Empty and 0 mean the whole configuration. */
  export type Path = string | number | ReadonlyArray<string | number>

  export interface Config {
    /**
     * The value at the path, or `fallback` when the path is absent; a present null, 0, false or '' counts. What it
     * returns is live: changing it changes later results.
     *
     * @throws SyntaxError when config.json is not strict JSON
     * @throws TypeError when the path leads through null
     */
    config<T = unknown>(path?: Path, fallback?: T): T
    /** Absolute path of a file in the plug-in's folder, whether it exists or not. */
    resolve(file: string): string
    /** `''` asks for the folder itself. */
    hasFile(file: string): boolean
    /** `require` of a file in the folder; undefined when that file does not exist. */
    requireFile(file: string): unknown
  }
}

export = createConfig

// internals

/** One per plug-in id and process, as the documented module keeps them. */
const instances = new Map<string, PluginConfig>()

class PluginConfig implements createConfig.Config {
  readonly #folder: string
  readonly #defaults: Record<string, unknown>
  readonly #customMerge: createConfig.Options['customMerge']
  #merged: { value: unknown } | undefined

  constructor(
    folder: string,
    defaults: Record<string, unknown>,
    customMerge: createConfig.Options['customMerge'],
  ) {
    this.#folder = folder
    this.#defaults = defaults
    this.#customMerge = customMerge
  }

  config<T = unknown>(path?: createConfig.Path, fallback?: T): T {
    this.#merged ??= { value: this.#load() }
    if (!path) return this.#merged.value as T
    return valueAt(this.#merged.value, keysOf(path), fallback) as T
  }

  resolve(file: string): string {
    return path.resolve(this.#folder, file)
  }

  hasFile(file: string): boolean {
    return fs.existsSync(this.resolve(file))
  }

  requireFile(file: string): unknown {
    let found: string
    try {
      found = require.resolve(this.resolve(file))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
      throw error
    }
    // Outside the try: a package that the file itself misses is an error, not an absent file.
    return require(found)
  }

  #load(): unknown {
    const userConfig = this.hasFile('config.json') ? readConfig(this.resolve('config.json')) : undefined
    if (this.#customMerge) return this.#customMerge(this.#defaults, userConfig)
    if (userConfig === undefined) return this.#defaults
    return isRecord(userConfig) ? merge(this.#defaults, userConfig) : userConfig
  }
}

/** Through `require`, so that all instances share it and a reload notices its changes. */
function readConfig(file: string): unknown {
  try {
    return require(file)
  } catch (error) {
    if ((error as Error).name !== 'SyntaxError') throw error
    throw new SyntaxError(
      `${file}: ${whatIsWrong(fs.readFileSync(file, 'utf8'))}; it must be strict JSON, without comments and trailing commas`,
    )
  }
}

/** Never with a piece of the text: it may hold secrets, and messages end in logs (spec/config-center.md §4). */
function whatIsWrong(text: string): string {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const message = (error as Error).message
    const position = / at position (\d+)/.exec(message)
    if (!position) return message.replace(/, (\.\.\.)?".*$/s, '')
    const before = text.slice(0, Number(position[1])).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
    return `${message.slice(0, position.index)} at ${place}`
  }
  return 'it could not be read'
}

/** File over defaults, arrays index by index (spec/config-center.md §3). */
function merge(target: Record<string, unknown>, source: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(source)) {
    if (key === '__proto__') continue
    const [old, value] = [target[key], source[key]]
    const bothLists = Array.isArray(old) && Array.isArray(value)
    if (Object.hasOwn(target, key) && (bothLists || (isRecord(old) && isRecord(value)))) {
      merge(old as Record<string, unknown>, value as Record<string, unknown>)
    } else {
      target[key] = value
    }
  }
  return target
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function keysOf(path: createConfig.Path): string[] {
  if (typeof path === 'number') return [String(path)]
  return typeof path === 'string' ? (path.match(/[^.[\]]+/g) ?? []) : path.map(String)
}

function valueAt(root: unknown, keys: string[], fallback: unknown): unknown {
  let value = root
  for (const key of keys) {
    if (value === null || value === undefined) {
      throw new TypeError(
        `Cannot convert undefined or null to object: "${key}" of "${keys.join('.')}" lies below ${value}`,
      )
    }
    if (typeof value !== 'object' || !Object.hasOwn(value, key)) return fallback
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
