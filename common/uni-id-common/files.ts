/** Files of the project that uni-id reads, all in `uni-config-center/uni-id` (spec/uni-id.md §4). */
import type createConfig from '../uni-config-center/index.ts'
import { configError } from './config-error.ts'

/**
 * The content of config.json, live: not to be changed.
 *
 * @throws Error `Invalid uni-id config file` when there is none, or it holds no object
 * @throws SyntaxError when it is not JSON
 */
export function configFile(): object {
  const center = plugin()
  const content = center.hasFile('config.json') ? center.config() : oldConfigFile()
  if (typeof content === 'object' && content !== null) return content
  throw configError(
    'Invalid uni-id config file',
    content === undefined
      ? 'create uni-config-center/uni-id/config.json with at least a tokenSecret'
      : 'uni-config-center/uni-id/config.json must hold an object, or a list of objects with dcloudAppid',
  )
}

/** What custom-token.js exports; undefined without that file. */
export function customTokenFile(): unknown {
  const center = plugin()
  if (!center.hasFile('custom-token.js')) return undefined
  // The official config center gives nothing when the file itself misses a package; null tells that from "no file".
  return center.requireFile('custom-token.js') ?? null
}

/** Texts of the project: locale -> key -> text. */
export function languageFile(): Record<string, Record<string, string>> {
  const center = plugin()
  const exported = center.hasFile('lang/index.js') ? center.requireFile('lang/index.js') : undefined
  return (exported ?? {}) as Record<string, Record<string, string>>
}

// internals

function plugin(): createConfig.Config {
  return (require('uni-config-center') as typeof createConfig)({ pluginId: 'uni-id' })
}

/** Where configuration lay before uni-config-center: in the older module uni-id. */
function oldConfigFile(): unknown {
  try {
    return require('uni-id/config.json')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
