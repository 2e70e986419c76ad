import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFixture } from './instance.ts'

const code = 'module.exports = { name: require("path").basename(__dirname), dir: __dirname }'

describe('public modules', () => {
  const cases: { name: string; files: Record<string, string>; value: unknown }[] = [
    {
      name: 'by file: path',
      files: {
        'fn:f/index.js': 'exports.a = require("m").name',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'fn:common/m/index.js': code,
      },
      value: { a: 'm' },
    },
    {
      name: 'by file: path across plug-ins',
      files: {
        'fn:f/index.js': 'exports.a = require("m").name',
        'fn:f/package.json':
          '{"dependencies": {"m": "file:../../uni_modules/p/uniCloud/cloudfunctions/common/m"}}',
        'uni_modules/p/uniCloud/cloudfunctions/common/m/index.js': code,
      },
      value: { a: 'm' },
    },
    {
      name: 'by name when the file: path leads nowhere',
      files: {
        'fn:f/index.js': 'exports.a = require("m").name',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'uni_modules/p/uniCloud/cloudfunctions/common/m/index.js': code,
      },
      value: { a: 'm' },
    },
    {
      name: 'by name when a version is declared that npm did not install',
      files: {
        'fn:f/index.js': 'exports.a = require("m").name',
        'fn:f/package.json': '{"dependencies": {"m": "^1.0.0"}}',
        'fn:common/m/index.js': code,
      },
      value: { a: 'm' },
    },
    {
      name: 'their own modules, and the closure is visible to the function',
      files: {
        'fn:f/index.js': 'exports.a = require("m"); exports.b = require("n").name',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'fn:common/m/index.js': 'module.exports = require("n").name',
        'fn:common/m/package.json': '{"dependencies": {"n": "file:../n"}}',
        'fn:common/n/index.js': code,
      },
      value: { a: 'n', b: 'n' },
    },
    {
      name: 'main of package.json, and TypeScript',
      files: {
        'fn:f/index.js': 'exports.a = require("m").a; exports.b = require("t").b',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m", "t": "file:../common/t"}}',
        'fn:common/m/package.json': '{"main": "dist/start.js"}',
        'fn:common/m/dist/start.js': 'exports.a = 1',
        'fn:common/t/index.ts': 'export const b: number = 2',
      },
      value: { a: 1, b: 2 },
    },
    {
      name: 'sub-paths, also with require.resolve',
      files: {
        'fn:f/index.js':
          'exports.json = require("m/conf/config.json"); exports.lib = require("m/lib"); exports.file = require("path").basename(require.resolve("m/lib/index.js")); exports.dir = require("path").basename(require("path").dirname(require.resolve("m")))',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'fn:common/m/index.js': '',
        'fn:common/m/conf/config.json': '{"a": 1}',
        'fn:common/m/lib/index.js': 'module.exports = "lib"',
      },
      value: { json: { a: 1 }, lib: 'lib', file: 'index.js', dir: 'm' },
    },
    {
      name: 'exports of package.json',
      files: {
        'fn:f/index.js':
          'exports.a = require("m"); exports.b = require("m/sub"); try { require("m/hidden.js") } catch (e) { exports.code = e.code }',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'fn:common/m/package.json': '{"name": "m", "exports": {".": "./a.js", "./sub": "./b.js"}}',
        'fn:common/m/a.js': 'module.exports = "a"',
        'fn:common/m/b.js': 'module.exports = "b"',
        'fn:common/m/hidden.js': '',
      },
      value: { a: 'a', b: 'b', code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' },
    },
    {
      name: 'npm packages of the module, of the function and of the project',
      files: {
        'fn:f/index.js': 'module.exports = require("m")',
        'fn:f/package.json':
          '{"dependencies": {"m": "file:../../uni_modules/p/uniCloud/cloudfunctions/common/m", "b": "1"}}',
        'uni_modules/p/uniCloud/cloudfunctions/common/m/index.js':
          'module.exports = [require("a"), require("b"), require("c")]',
        'uni_modules/p/uniCloud/cloudfunctions/common/m/node_modules/a/index.js': 'module.exports = "module"',
        'fn:f/node_modules/b/index.js': 'module.exports = "function"',
        'node_modules/c/index.js': 'module.exports = "project"',
      },
      value: ['module', 'function', 'project'],
    },
    {
      name: 'the same module required twice is one module',
      files: {
        'fn:f/index.js': 'exports.same = require("m") === require("n")',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m", "n": "file:../common/n"}}',
        'fn:common/m/index.js': 'module.exports = {}',
        'fn:common/n/index.js': 'module.exports = require("m")',
        'fn:common/n/package.json': '{"dependencies": {"m": "file:../m"}}',
      },
      value: { same: true },
    },
  ]

  const shipped = {
    'node_modules/unicloud-local/cloudobjects/f/index.obj.ts':
      'import * as m from "m"; import own from "./own"; export const seen: unknown[] = [own, m.a, m.config]',
    'node_modules/unicloud-local/cloudobjects/f/own.ts': 'export default "own"',
    'node_modules/unicloud-local/cloudobjects/f/package.json':
      '{"dependencies": {"m": "file:../../common/m"}}',
    'node_modules/unicloud-local/common/m/index.ts':
      'export const a: number = 1; export const config = require("uni-config-center/m/config.json")',
    'node_modules/unicloud-local/common/m/package.json':
      '{"main": "index.ts", "dependencies": {"uni-config-center": "file:../uni-config-center"}}',
    'node_modules/unicloud-local/common/uni-config-center/index.ts': '',
    'fn:common/uni-config-center/m/config.json': '{"from": "the project"}',
  }
  cases.push({
    name: 'those that ship with us, in TypeScript below node_modules, with the configuration of the project',
    files: shipped,
    value: { seen: ['own', 1, { from: 'the project' }] },
  })

  test.each(cases)('$name', async ({ files, value }) => {
    await using project = await createFixture(files)
    const loaded = await project.load('f')
    expect(loaded.error?.stack).toBeUndefined()
    expect(loaded.value).toEqual(value)
  })

  test('undeclared: MODULE_NOT_FOUND as Node says it, with the line to add', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'require("m")',
      'fn:f/package.json': '{}',
      'fn:common/m/index.js': code,
    })
    const { error } = await project.load('f')
    expect(error?.code).toBe('MODULE_NOT_FOUND')
    expect(error?.message).toMatch(/^Cannot find module 'm'\nRequire stack:\n- .*f\/index\.js\n/)
    expect(error?.message).toContain('add "m": "file:../common/m" to the dependencies of')
    expect(error?.hint).toContain('not declared')
    const loose = await project.load('f', 'return 1', { looseModules: true })
    expect(loose.value).toBe(1)
  })

  test('a missing sub-path names the request, not the folder it was looked for in', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'require("m/x.json")',
      'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
      'fn:common/m/index.js': code,
    })
    const loaded = await project.load('f')
    expect(loaded.error?.message).toMatch(/^Cannot find module 'm\/x\.json'\nRequire stack:/)
    expect(loaded.files).toContain(path.join(project.dir, 'cloudfunctions/common/m/x.json'))
  })

  const missing: { name: string; files: Record<string, string>; message: RegExp }[] = [
    {
      name: 'a declared npm package that is not installed',
      files: {
        'fn:f/index.js': 'require("jsonwebtoken")',
        'fn:f/package.json': '{"dependencies": {"jsonwebtoken": "8.5.1"}}',
      },
      message:
        /^Cannot find module 'jsonwebtoken'\n[\s\S]*jsonwebtoken is declared but not installed: cd .*f && npm install$/,
    },
    {
      name: 'an unknown package',
      files: { 'fn:f/index.js': 'require("@a/b/c")' },
      message:
        /^Cannot find module '@a\/b\/c'\n[\s\S]*@a\/b is neither a public module nor .*cd .*f && npm install @a\/b$/,
    },
    {
      name: 'a file whose name differs in case',
      files: { 'fn:f/index.js': 'require("./Helper")', 'fn:f/helper.js': '' },
      message:
        /^Cannot find module '\.\/Helper'\n[\s\S]*there is helper\.js: upper and lower case must match$/,
    },
    {
      name: 'a public module without an entry',
      files: {
        'fn:f/index.js': 'require("m")',
        'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
        'fn:common/m/config.json': '{}',
      },
      message: /^Cannot find module 'm'\n[\s\S]*the public module m has no entry/,
    },
  ]
  test.each(missing)('hint for $name', async ({ files, message }) => {
    await using project = await createFixture(files)
    const { error } = await project.load('f')
    expect(error?.code).toBe('MODULE_NOT_FOUND')
    expect(error?.message).toMatch(message)
  })

  test('warns of what works here only', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'require("../common/m"); require("p"); require("q"); require("./in")',
      'fn:f/in.js': '',
      'fn:f/package.json': '{"dependencies": {"q": "1"}}',
      'fn:common/m/index.js': code,
      'node_modules/p/index.js': '',
      'node_modules/q/index.js': '',
    })
    const { warnings } = await project.load('f')
    expect(warnings).toEqual([
      "require('../common/m') leaves the folder of f, which fails in the cloud; declare the module and use require('m')",
      'f uses p, which its package.json does not declare: it would be missing in the cloud',
    ])
  })
})

describe('uni-config-center', () => {
  const reader =
    'const fs = require("fs"), path = require("path"); module.exports = (id) => JSON.parse(fs.readFileSync(path.join(__dirname, id, "config.json"), "utf8"))'
  const files = {
    'fn:f/index.js':
      'const read = require("uni-config-center"); exports.id = read("uni-id"); exports.pay = read("uni-pay"); exports.sub = require("uni-config-center/uni-id/config.json"); exports.dir = require("path").dirname(require.resolve("uni-config-center"))',
    'fn:f/package.json':
      '{"dependencies": {"uni-config-center": "file:../../uni_modules/uni-config-center/uniCloud/cloudfunctions/common/uni-config-center"}}',
    'fn:common/uni-config-center/uni-id/config.json': '{"from": "root"}',
    'uni_modules/uni-config-center/uniCloud/cloudfunctions/common/uni-config-center/index.js': reader,
    'uni_modules/uni-config-center/uniCloud/cloudfunctions/common/uni-config-center/uni-id/config.json':
      '{"from": "plug-in"}',
    'uni_modules/uni-config-center/uniCloud/cloudfunctions/common/uni-config-center/uni-pay/config.json':
      '{"from": "plug-in"}',
  }

  test('merged: the project wins file by file, and __dirname is the merged folder', async () => {
    await using project = await createFixture(files)
    const loaded = await project.load('f')
    const dir = path.join(project.data, 'overlay', 'uni-config-center')
    expect(loaded.value).toEqual({
      id: { from: 'root' },
      pay: { from: 'plug-in' },
      sub: { from: 'root' },
      dir,
    })
    // Files are reported where the user edits them.
    expect(loaded.files).toContain(
      path.join(project.dir, 'cloudfunctions/common/uni-config-center/uni-id/config.json'),
    )
    expect(loaded.files.join()).not.toContain(dir)
  })

  test('kept fresh: edits, new and removed files', async () => {
    await using project = await createFixture(files)
    await project.load('f')
    await project.write({ 'fn:common/uni-config-center/uni-id/config.json': '{"from": "edit"}' })
    const loaded = await project.load('f')
    expect(loaded.value).toMatchObject({ id: { from: 'edit' }, sub: { from: 'edit' } })
  })
})
