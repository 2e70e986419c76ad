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

  const json = 'unicloud-local.config.json'
  const ts = 'unicloud-local.config.ts'
  const mjs = 'unicloud-local.config.mjs'
  const bad: [name: string, file: string, text: string, message: string, place?: string][] = [
    ['unknown member', json, '{\n  "prot": 1}', 'prot is not known', '2:3'],
    ['wrong type', json, '{"port": "x"}', 'port is "x": a number is allowed', '1:2'],
    [
      'several',
      json,
      '{"timers": 3, "port": -1}',
      'port is -1: 0 or more is allowed; timers is 3: true or false is allowed',
      '1:15',
    ],
    [
      'nested',
      ts,
      'export default {http: {base64: "no"}}',
      'http.base64 is "no": one of auto, always, never-for-text is allowed',
    ],
    [
      'one of two kinds',
      json,
      '{"http":{"trustProxy":5}}',
      'http.trustProxy is 5: true or false or an array is allowed',
      '1:10',
    ],
    [
      'time zone',
      json,
      '{"timeZone": "Mars"}',
      'timeZone is "Mars": an IANA time zone such as "UTC" or "Asia/Shanghai" is allowed',
      '1:2',
    ],
    [
      'map of hosts',
      json,
      '{"hostMap": {"a.b": "1.2.3.4:9"}}',
      'hostMap.a.b is "1.2.3.4:9": a base URL such as "http://127.0.0.1:9000" is allowed',
      '1:14',
    ],
    [
      'secrets',
      json,
      '{"client": {"clientSecret": 1234}}',
      'client.clientSecret is wrong: a string is allowed',
      '1:13',
    ],
    ['no JSON', json, '{"port": 1,,}', 'the configuration is not valid JSON: property name expected', '1:12'],
    [
      'syntax of TypeScript',
      ts,
      'export default {\n  port: ,\n}',
      'the configuration cannot be loaded: Unexpected ","',
      '2:9',
    ],
    [
      'an import that leads nowhere',
      ts,
      "import x from './x'\nexport default x",
      'the configuration cannot be loaded: Could not resolve "./x"',
      '1:15',
    ],
    [
      'no default export',
      mjs,
      'export const port = 1',
      'what the file exports is wrong: an object is allowed',
    ],
  ]
  test.each(bad)('%s', async (_name, file, text, message, place) => {
    const folder = await write(file, text)
    const [line, column] = (place ?? '').split(':').map((part) => (part === '' ? undefined : Number(part)))
    await expect(loadConfigFile(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
    await expect(loadConfigFile(folder)).rejects.toHaveProperty('where', {
      file: path.join(folder, file),
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    })
  })

  test('two files are refused', async () => {
    const folder = await write('unicloud-local.config.json', '{}')
    await writeFile(path.join(folder, 'unicloud-local.config.mjs'), 'export default {}')
    await expect(loadConfigFile(folder)).rejects.toThrow(/two configuration files/)
  })
})
