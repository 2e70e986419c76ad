/** Finds and loads `unicloud-local.config.{ts,js,mjs,json}` of a project. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildFailure } from 'esbuild'
import { LocalError, type SourcePlace } from '../../errors/errors.ts'
import { JsonSource } from '../project/json-source.ts'
import type { UserConfig } from './options.ts'

/** File names that are looked for in the project folder. */
export const configFileNames = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map(
  (extension) => `unicloud-local.config.${extension}`,
)

/** A configuration file, loaded and checked. */
export interface LoadedConfig {
  config: UserConfig
  path: string
}

/**
 * @param folder project folder
 * @returns the file's default export, or undefined when there is no such file
 * @throws LocalError `CONFIG_INVALID` when there are two, or when it cannot be loaded
 */
export async function loadConfigFile(folder: string): Promise<LoadedConfig | undefined> {
  const found = configFileNames.map((name) => path.join(folder, name)).filter((file) => existsSync(file))
  const file = found[0]
  if (!file) return undefined
  if (found.length > 1) {
    throw new LocalError(
      'CONFIG_INVALID',
      `two configuration files: ${found.map((f) => path.basename(f)).join(', ')}`,
      {
        where: { file },
        hint: 'keep one of them',
      },
    )
  }
  const source = file.endsWith('.json') ? JsonSource.read(file) : { file }
  const content = 'parse' in source ? parsed(source) : await load(file)
  // The checker (zod) is only paid for by projects that have a configuration file.
  const { checkFileConfig } = await import('./file-schema.ts')
  return { config: checkFileConfig(content, source), path: file }
}

// internals

/** JSON with comments and trailing commas. */
function parsed(source: JsonSource): unknown {
  const result = source.parse(true)
  if ('value' in result) return result.value
  const { message, where } = result.fault
  throw new LocalError('CONFIG_INVALID', `the configuration is ${message}`, { where })
}

async function load(file: string): Promise<unknown> {
  try {
    if (/\.m?ts$/.test(file)) return (await importTypeScript(file)).default
    // The query makes a changed file a new module: `dev` loads it again when it is saved.
    const url = `${pathToFileURL(file).href}?changed=${statSync(file).mtimeMs}`
    return ((await import(url)) as { default?: unknown }).default
  } catch (cause) {
    const { message, where } = reasonOf(await withPlace(cause as Error, file), file)
    throw new LocalError('CONFIG_INVALID', `the configuration cannot be loaded: ${message}`, { where, cause })
  }
}

/** Node keeps the place of a syntax error in a module to itself; esbuild finds the same one. */
async function withPlace(error: Error, file: string): Promise<Error | BuildFailure> {
  if (!(error instanceof SyntaxError)) return error
  const { transform } = await import('esbuild')
  const options = { sourcefile: file, logLevel: 'silent' } as const
  return await transform(readFileSync(file, 'utf8'), options).then(
    () => error,
    (failure: BuildFailure) => failure,
  )
}

/** What is wrong and where, of esbuild's errors, of syntax errors, and of what the file itself throws. */
function reasonOf(error: Error | BuildFailure, file: string): { message: string; where: SourcePlace } {
  const [first] = 'errors' in error ? error.errors : []
  if (first?.location) {
    const { line, column } = first.location
    return {
      message: first.text,
      where: { file: path.resolve(first.location.file), line, column: column + 1 },
    }
  }
  const { message, stack = '' } = error
  const name = pathToFileURL(file).href.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const place = new RegExp(`${name}(?:\\?[^:\\s]*)?:(\\d+)(?::(\\d+))?`).exec(stack)
  if (!place) return { message, where: { file } }
  const column = place[2] === undefined ? {} : { column: Number(place[2]) }
  return { message, where: { file, line: Number(place[1]), ...column } }
}

/** Bundles the file and what it imports by relative path; packages stay outside. `defineConfig` is given to it. */
async function importTypeScript(file: string): Promise<{ default?: unknown }> {
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [
      {
        // A project may not have installed us; the one function it imports from us is the identity.
        name: 'unicloud-local',
        setup(builder) {
          builder.onResolve({ filter: /^unicloud-local$/ }, () => ({
            path: 'unicloud-local',
            namespace: 'own',
          }))
          builder.onLoad({ filter: /.*/, namespace: 'own' }, () => ({
            contents: 'export const defineConfig = (config) => config',
          }))
          builder.onResolve({ filter: /^[^./]/ }, (args) =>
            args.kind === 'entry-point' || path.isAbsolute(args.path)
              ? undefined
              : { path: args.path, external: true },
          )
        },
      },
    ],
  })
  const code = result.outputFiles[0]?.text ?? ''
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)) as {
    default?: unknown
  }
}
