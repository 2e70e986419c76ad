/** The options every command shares, taken from the one option table. */
import path from 'node:path'
import type { Command } from 'commander'
import { loadConfigFile } from '../runtime/config/load-file.ts'
import type { SpaceOptions, UserConfig } from '../runtime/config/options.ts'
import { resolveOptions } from '../runtime/config/resolve.ts'
import { optionTable } from '../runtime/config/table.ts'

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
  const cwd = process.cwd()
  const given = givenFlags(flags)
  const folder = path.resolve(cwd, String(given.project ?? process.env.UNICLOUD_LOCAL_PROJECT ?? '.'))
  const file = await loadConfigFile(folder)
  const sources = { flags: { ...given, project: folder }, env: process.env, cwd, defaults }
  const options = resolveOptions(file ? { ...sources, file } : sources)
  return { ...options, ...overrides }
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
