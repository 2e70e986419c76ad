/** Files of the project's own in `uni-config-center/uni-pay/`. */

interface ConfigCenter {
  hasFile(file: string): boolean
  requireFile(file: string): unknown
}

/**
 * What the file exports; undefined when there is none.
 *
 * @throws Error where the file throws, saying which line read a file that is not there (D14)
 */
export function loadFromProject(file: string): unknown {
  const center = configCenter()
  if (!center.hasFile(file)) return undefined
  try {
    return center.requireFile(file)
  } catch (error) {
    throw missingFile(error, file) ?? error
  }
}

export function projectHas(file: string): boolean {
  return configCenter().hasFile(file)
}

// internals

function configCenter(): ConfigCenter {
  const createConfig = require('uni-config-center') as (options: { pluginId: string }) => ConfigCenter
  return createConfig({ pluginId: 'uni-pay' })
}

function missingFile(error: unknown, file: string): Error | undefined {
  const { code, path, stack = '' } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' || path === undefined) return undefined
  const line = new RegExp(`${file.replaceAll('.', '\\.')}:(\\d+)`).exec(stack)?.[1]
  const place = `uni-config-center/uni-pay/${file}${line ? `:${line}` : ''}`
  return new Error(`${place}: there is no file ${path}; put it there, or remove the line that reads it`, {
    cause: error,
  })
}
