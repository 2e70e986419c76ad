import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { transformSync } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'

type CreateConfig = typeof import('../../common/uni-config-center/index.ts')

const folders: string[] = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describe('loading', () => {
  it('is a function for require, and the default of an import from TypeScript', () => {
    const { root, createConfig } = center({})
    expect(createConfig).toBeTypeOf('function')
    writeFileSync(path.join(root, 'user.js'), transpile("import create from './index.js'\nexport { create }"))
    expect(createRequire(path.join(root, 'x.js'))('./user.js').create).toBe(createConfig)
  })

  it('no folder: empty, or the defaults', () => {
    const { createConfig } = center({})
    expect(createConfig({ pluginId: 'a' }).config()).toEqual({})
    expect(createConfig({ pluginId: 'b', defaultConfig: { x: 1 } }).config()).toEqual({ x: 1 })
    expect(createConfig({ pluginId: 'c' }).config('x.y', 5)).toBe(5)
  })

  it('config.js alone is not the configuration', () => {
    const { createConfig } = center({ 'p/config.js': 'module.exports = { x: 1 }' })
    expect(createConfig({ pluginId: 'p' }).config()).toEqual({})
  })

  it.each([
    ['comments', '{\n  // secret\n  "key": "hunter2hunter2"\n}', 'line 2, column 3'],
    ['a trailing comma', '{"key": "hunter2hunter2",}', 'line 1, column 26'],
    ['a bare word', '{"key": hunter2hunter2}', "Unexpected token 'h'"],
    ['nothing in it', '', 'Unexpected end of JSON input'],
  ])('%s: a SyntaxError with path and place, and nothing of the content', (_, text, place) => {
    const { root, createConfig } = center({ 'p/config.json': text })
    const config = createConfig({ pluginId: 'p' })
    const error = thrown(() => config.config())
    expect(error).toBeInstanceOf(SyntaxError)
    expect(error.message.startsWith(path.join(root, 'p/config.json'))).toBe(true)
    expect(error.message).toContain(place)
    expect(error.message).not.toContain('hunter2hunter2')
  })

  it.each([
    ['no argument', undefined],
    ['no plug-in id', {}],
    ['a number', { pluginId: 5 }],
  ])('%s: TypeError', (_, options) => {
    const { createConfig } = center({})
    const error = thrown(() => createConfig(options as unknown as { pluginId: string }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('instances', () => {
  it('one per plug-in id, which ignores the arguments of later calls', () => {
    const { createConfig } = center({ 'p/config.json': '{}' })
    const first = createConfig({ pluginId: 'p', defaultConfig: { x: 1 } })
    expect(createConfig({ pluginId: 'p', defaultConfig: { x: 2 } })).toBe(first)
    expect(first.config('x')).toBe(1)
    const other = createConfig({ pluginId: 'p', defaultConfig: { x: 3 }, cache: false })
    expect(other).not.toBe(first)
    expect(other.config('x')).toBe(3)
  })

  it('another base folder', () => {
    const { root, createConfig } = center({ 'deep/p/config.json': '{"x":1}' })
    expect(createConfig({ pluginId: 'p', root: path.join(root, 'deep') }).config('x')).toBe(1)
  })

  it('what config() returns is live', () => {
    const { createConfig } = center({ 'p/config.json': '{"a":{"b":1}}' })
    const config = createConfig({ pluginId: 'p' })
    config.config<{ b: number }>('a').b = 2
    expect(config.config('a.b')).toBe(2)
  })
})

describe('merge', () => {
  it('file over defaults, arrays index by index, in the object of the caller', () => {
    const { createConfig } = center({
      'p/config.json': JSON.stringify({ list: [1, 2], deep: { b: 2, c: null }, kind: { now: 'object' } }),
    })
    const defaultConfig = { list: [9, 8, 7], deep: { a: 1, b: 1, c: 1 }, kind: ['list'], kept: true }
    const merged = { list: [1, 2, 7], deep: { a: 1, b: 2, c: null }, kind: { now: 'object' }, kept: true }
    expect(createConfig({ pluginId: 'p', defaultConfig }).config()).toEqual(merged)
    expect(defaultConfig).toEqual(merged)
  })

  it('a root array stands alone', () => {
    const { createConfig } = center({ 'p/config.json': '[{"id":"first"},{"id":"second"}]' })
    const config = createConfig({ pluginId: 'p', defaultConfig: { x: 1 } })
    expect(config.config()).toEqual([{ id: 'first' }, { id: 'second' }])
    expect([config.config('1.id'), config.config('[1].id'), config.config([1, 'id'])]).toEqual(
      Array(3).fill('second'),
    )
    expect(config.config(1)).toEqual({ id: 'second' })
    expect(config.config(0)).toHaveLength(2)
  })

  it('does not let a file reach the prototype of all objects', () => {
    const { createConfig } = center({
      'p/config.json': '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}',
    })
    createConfig({ pluginId: 'p', defaultConfig: { a: {} } }).config()
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('customMerge takes the place of it, with undefined for a missing file', () => {
    const { createConfig } = center({ 'p/config.json': '{"x":1}' })
    const customMerge = (defaults: object, user: unknown) => ({ defaults, user })
    expect(createConfig({ pluginId: 'p', customMerge }).config()).toEqual({ defaults: {}, user: { x: 1 } })
    const missing = createConfig({ pluginId: 'q', defaultConfig: { y: 2 }, customMerge })
    expect(missing.config()).toEqual({ defaults: { y: 2 }, user: undefined })
  })
})

describe('paths', () => {
  const { createConfig } = center({
    'p/config.json': JSON.stringify({
      service: { sms: { codeExpiresIn: 180 } },
      list: ['a', 'b'],
      none: null,
      zero: 0,
      no: false,
      empty: '',
      'a.b': 1,
      text: 'abc',
      number: 5,
    }),
  })
  const config = createConfig({ pluginId: 'p' })

  it.each([
    ['service.sms.codeExpiresIn', 180],
    ['list[1]', 'b'],
    ['list.1', 'b'],
    ['none', null],
    ['zero', 0],
    ['no', false],
    ['empty', ''],
    ['missing', 'fallback'],
    ['service.missing.deeper', 'fallback'],
    ['toString', 'fallback'],
    ['service.constructor', 'fallback'],
    ['a.b', 'fallback'],
    ['text.length', 'fallback'],
    ['text.0', 'fallback'],
    ['number.toFixed', 'fallback'],
    ['list[7]', 'fallback'],
  ])('%s', (where, expected) => {
    expect(config.config<unknown>(where, 'fallback')).toBe(expected)
  })

  it('through null: TypeError', () => {
    expect(() => config.config('none.x', 1)).toThrow(TypeError)
    expect(() => config.config('none.x', 1)).toThrow('Cannot convert undefined or null to object')
  })

  it('absent without a default: undefined; no path: everything', () => {
    expect(config.config('missing')).toBeUndefined()
    expect(config.config('')).toBe(config.config())
  })
})

describe('files', () => {
  it('resolve does not ask whether the file exists, nor stay inside', () => {
    const { root, createConfig } = center({})
    const config = createConfig({ pluginId: 'p' })
    expect(config.resolve('cert.pem')).toBe(path.join(root, 'p/cert.pem'))
    expect(config.resolve('../q/config.json')).toBe(path.join(root, 'q/config.json'))
    expect(config.resolve('/etc/hosts')).toBe('/etc/hosts')
  })

  it('hasFile, also of the folder itself', () => {
    const { createConfig } = center({ 'p/config.json': '{}' })
    const config = createConfig({ pluginId: 'p' })
    expect([config.hasFile('config.json'), config.hasFile('x'), config.hasFile('')]).toEqual([
      true,
      false,
      true,
    ])
    expect(createConfig({ pluginId: 'q' }).hasFile('')).toBe(false)
  })

  it('requireFile: js, json, absent, and what is wrong in the file itself', () => {
    const { createConfig } = center({
      'p/config.js': 'module.exports = { key: __dirname.length > 0 }',
      'p/data.json': '{"x":1}',
      'p/needs.js': "require('a-package-nobody-has')",
      'p/throws.js': "throw new Error('boom')",
    })
    const config = createConfig({ pluginId: 'p' })
    expect(config.requireFile('config.js')).toEqual({ key: true })
    expect(config.requireFile('config')).toEqual({ key: true })
    expect(config.requireFile('data.json')).toEqual({ x: 1 })
    expect(config.requireFile('absent.js')).toBeUndefined()
    expect(() => config.requireFile('needs.js')).toThrow('a-package-nobody-has')
    expect(() => config.requireFile('throws.js')).toThrow('boom')
  })
})

// internals

/** A config-center folder as a project has it, with our module in it, loaded as CommonJS. */
function center(files: Record<string, string>): { root: string; createConfig: CreateConfig } {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'config-center-')))
  folders.push(root)
  const source = new URL('../../common/uni-config-center/index.ts', import.meta.url)
  const all = { 'index.js': transpile(readFileSync(source, 'utf8')), ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return { root, createConfig: createRequire(path.join(root, 'x.js'))('./index.js') as CreateConfig }
}

function transpile(source: string): string {
  return transformSync(source, { loader: 'ts', format: 'cjs', platform: 'node' }).code
}

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
