/** The options every command shares, taken from the one option table. */
import path from 'node:path'
import type { Command } from 'commander'
import { loadConfigFile } from '../runtime/config/load-file.ts'
import type { SpaceOptions, UserConfig } from '../runtime/config/options.ts'
import { resolveOptions } from '../runtime/config/resolve.ts'
import { optionTable } from '../runtime/config/table.ts'
import { standpoint } from '../runtime/project/cloud-folders.ts'

/** Flags as commander hands them over. */
export type Flags = Record<string, unknown>

/** @param keys only these options. Default: all */
export function addSpaceOptions(command: Command, keys?: readonly (keyof UserConfig)[]): Command {
  for (const row of optionTable) {
    if (keys && !keys.includes(row.key)) continue
    if (row.commands && !row.commands.includes(command.name())) continue
    const shown = row.default === undefined || row.type === 'boolean' ? '' : ` (default: ${row.default})`
    const value = row.value ? ` <${row.value}>` : ''
    command.option(`--${row.flag}${value}`, `${row.help}${shown} [${row.env}]`)
  }
  return command
}

/**
 * Options of this command's space: flags > environment > configuration file > defaults.
 * @param overrides what the command itself decides, whatever the sources say
 * @param defaults what it takes where they say nothing
 */
export async function spaceOptions(
  flags: Flags,
  overrides: Partial<SpaceOptions> = {},
  defaults: UserConfig = {},
): Promise<SpaceOptions> {
  const file = await loadConfigFile(configFolder(flags))
  const sources = { flags: givenFlags(flags), env: process.env, cwd: process.cwd(), defaults }
  const options = resolveOptions(file ? { ...sources, file } : sources)
  return { ...options, ...overrides }
}

/** Where the configuration file of this command would lie: in the project folder that it was given, or stands in. */
export function configFolder(flags: Flags): string {
  const { project } = givenFlags(flags)
  return standpoint(path.resolve(String(project ?? process.env.UNICLOUD_LOCAL_PROJECT ?? '.'))).root
}

// internals

/** Flags by option key. Commander gives `--no-timers` as `timers: false` and sets the positive when absent. */
function givenFlags(flags: Flags): Partial<Record<keyof UserConfig, unknown>> {
  const given: Partial<Record<keyof UserConfig, unknown>> = {}
  for (const row of optionTable) {
    const negative = row.flag.startsWith('no-')
    const name = camel(negative ? row.flag.slice(3) : row.flag)
    const value = flags[name]
    if (value === undefined || (negative && value === true)) continue
    given[row.key] = value
  }
  return given
}

function camel(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
