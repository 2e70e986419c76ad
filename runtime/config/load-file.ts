/** Finds and loads `unicloud-local.config.{ts,js,mjs,json}` of a project. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { LocalError } from '../../errors/errors.ts'
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
  const content = await load(file).catch((cause: unknown) => {
    throw new LocalError('CONFIG_INVALID', `configuration cannot be loaded: ${(cause as Error).message}`, {
      where: { file },
      cause,
    })
  })
  // The checker (zod) is only paid for by projects that have a configuration file.
  const { checkFileConfig } = await import('./file-schema.ts')
  return { config: checkFileConfig(content, file), path: file }
}

// internals

async function load(file: string): Promise<unknown> {
  if (file.endsWith('.json')) {
    const { parse, printParseErrorCode } = await import('jsonc-parser')
    const errors: import('jsonc-parser').ParseError[] = []
    const value: unknown = parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), errors, {
      allowTrailingComma: true,
    })
    const first = errors[0]
    if (first) throw new SyntaxError(`${printParseErrorCode(first.error)} at offset ${first.offset}`)
    return value
  }
  if (/\.m?ts$/.test(file)) return (await importTypeScript(file)).default
  // The query makes a changed file a new module: `dev` loads it again when it is saved.
  const url = `${pathToFileURL(file).href}?changed=${statSync(file).mtimeMs}`
  const module = (await import(url)) as { default?: unknown }
  return module.default
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
