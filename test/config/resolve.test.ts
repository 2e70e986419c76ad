import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalError } from '../../errors/errors.ts'
import { loadConfigFile } from '../../runtime/config/load-file.ts'
import { type OptionSources, resolveOptions } from '../../runtime/config/resolve.ts'

const cwd = '/work-dir'

describe('precedence', () => {
  const file = {
    config: { port: 3, provider: 'tencent' as const },
    path: '/project/unicloud-local.config.ts',
  }
  const cases: [string, Partial<OptionSources>, number][] = [
    ['default', {}, 7100],
    ['file over default', { file }, 3],
    ['environment over file', { file, env: { UNICLOUD_LOCAL_PORT: '2' } }, 2],
    ['flag over environment', { file, env: { UNICLOUD_LOCAL_PORT: '2' }, flags: { port: '1' } }, 1],
    ['an empty variable counts as none', { file, env: { UNICLOUD_LOCAL_PORT: '' } }, 3],
  ]
  test.each(cases)('%s', (_name, sources, port) => {
    expect(resolveOptions({ cwd, ...sources }).port).toBe(port)
  })

  test('a provider that nobody names stays open: the project decides', () => {
    expect(resolveOptions({ cwd })).not.toHaveProperty('provider')
  })

  test('relative folders start where they were written', () => {
    const options = resolveOptions({
      cwd,
      flags: { project: 'shop' },
      file: { config: { data: 'state' }, path: '/project/unicloud-local.config.ts' },
    })
    expect(options.project).toBe('/work-dir/shop')
    expect(options.data).toBe('/project/state')
  })
})

describe('wrong values name source, value and what is allowed', () => {
  const cases: [string, Partial<OptionSources>, RegExp][] = [
    ['flag', { flags: { port: '70000' } }, /--port is "70000": a whole number from 0 to 65535/],
    ['flag, not a number', { flags: { port: 'x' } }, /--port is "x"/],
    [
      'environment',
      { env: { UNICLOUD_LOCAL_PROVIDER: 'aws' } },
      /UNICLOUD_LOCAL_PROVIDER is "aws": one of aliyun, tencent/,
    ],
    ['environment, boolean', { env: { UNICLOUD_LOCAL_TIMERS: 'maybe' } }, /true or false is allowed/],
    ['database', { flags: { database: 'mysql://x' } }, /database is "mysql:\/\/x"/],
    ['redis', { flags: { redis: 'localhost' } }, /redis is "localhost"/],
  ]
  test.each(cases)('%s', (_name, sources, message) => {
    expect(() => resolveOptions({ cwd, ...sources })).toThrow(message)
    expect(() => resolveOptions({ cwd, ...sources })).toThrow(LocalError)
  })

  test('a URL with a password is not repeated', () => {
    const secret = () => resolveOptions({ cwd, flags: { database: 'postgres://me:hunter2@host/db' } })
    expect(secret).toThrow(LocalError)
    expect(secret).not.toThrow(/hunter2/)
  })
})

describe('configuration file', () => {
  const write = async (name: string, text: string): Promise<string> => {
    const folder = await mkdtemp(path.join(tmpdir(), 'unicloud-config-'))
    await writeFile(path.join(folder, name), text)
    return folder
  }

  const good: [string, string][] = [
    [
      'unicloud-local.config.ts',
      `import { defineConfig } from 'unicloud-local'\nexport default defineConfig({ port: 9 as number })`,
    ],
    ['unicloud-local.config.mjs', 'export default { port: 9 }'],
    ['unicloud-local.config.cjs', 'module.exports = { port: 9 }'],
    ['unicloud-local.config.json', '\uFEFF{ /* comment */ "port": 9, }'],
  ]
  test.each(good)('%s', async (name, text) => {
    expect((await loadConfigFile(await write(name, text)))?.config).toEqual({ port: 9 })
  })

  test('there need not be one', async () => {
    expect(await loadConfigFile(tmpdir())).toBeUndefined()
  })

  const bad: [string, string, string, RegExp][] = [
    ['unknown member', 'unicloud-local.config.json', '{"prot": 1}', /prot/],
    ['wrong type', 'unicloud-local.config.json', '{"port": "x", "timers": 3}', /port: .*; timers: /],
    ['nested', 'unicloud-local.config.json', '{"http": {"base64": "never"}}', /http\.base64: /],
    [
      'time zone',
      'unicloud-local.config.json',
      '{"timeZone": "Mars/Olympus"}',
      /timeZone: an IANA time zone/,
    ],
    [
      'map of hosts',
      'unicloud-local.config.json',
      '{"hostMap": {"api.example.com": "127.0.0.1:9000"}}',
      /hostMap\.api\.example\.com: a base URL such as/,
    ],
    ['syntax', 'unicloud-local.config.ts', 'export default {', /cannot be loaded/],
    ['throws', 'unicloud-local.config.mjs', 'throw new Error("no key")', /no key/],
    ['no default export', 'unicloud-local.config.mjs', 'export const port = 1', /the whole file/],
  ]
  test.each(bad)('%s', async (_name, file, text, message) => {
    await expect(loadConfigFile(await write(file, text))).rejects.toThrow(message)
    await expect(loadConfigFile(await write(file, text))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('two files are refused', async () => {
    const folder = await write('unicloud-local.config.json', '{}')
    await writeFile(path.join(folder, 'unicloud-local.config.mjs'), 'export default {}')
    await expect(loadConfigFile(folder)).rejects.toThrow(/two configuration files/)
  })
})
