import { existsSync, readdirSync } from 'node:fs'
import { copyFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFixture } from './instance.ts'

/** Each case: files of a project, what the check sees of function `f`. */
const cases: { name: string; files: Record<string, string>; check?: string; value: unknown }[] = [
  {
    name: 'module.exports and exports',
    files: {
      'fn:f/index.js': 'exports.a = 1; module.exports.b = require("./b")',
      'fn:f/b.js': 'module.exports = 2',
    },
    value: { a: 1, b: 2 },
  },
  {
    name: '__dirname and __filename are the real ones',
    files: {
      'fn:f/index.js':
        'const path = require("path"); exports.dir = path.basename(__dirname); exports.file = path.basename(__filename); exports.sub = require("./lib/x")',
      'fn:f/lib/x.js': 'module.exports = require("path").basename(__dirname)',
    },
    value: { dir: 'f', file: 'index.js', sub: 'lib' },
  },
  {
    name: 'dynamic require with a computed path',
    files: {
      'fn:f/index.js': 'for (const n of ["a", "b"]) exports[n] = require("./mods/" + n)',
      'fn:f/mods/a.js': 'module.exports = "A"',
      'fn:f/mods/b/index.js': 'module.exports = "B"',
    },
    value: { a: 'A', b: 'B' },
  },
  {
    name: 'circular requires see partial exports',
    files: {
      'fn:f/index.js': 'exports.result = require("./a").seen',
      'fn:f/a.js': 'exports.early = 1; exports.seen = require("./b").seen; exports.late = 2',
      'fn:f/b.js': 'const a = require("./a"); exports.seen = Object.keys(a)',
    },
    value: { result: ['early'] },
  },
  {
    name: 'JSON, with and without a byte order mark',
    files: {
      'fn:f/index.js': 'exports.a = require("./a.json"); exports.b = require("./b")',
      'fn:f/a.json': '\uFEFF{"x": 1}',
      'fn:f/b.json': '{"y": 2}',
    },
    value: { a: { x: 1 }, b: { y: 2 } },
  },
  {
    name: '.cjs, and source with a byte order mark or a hashbang',
    files: {
      'fn:f/index.js': '\uFEFF#!/usr/bin/env node\nexports.a = require("./a.cjs")',
      'fn:f/a.cjs': 'module.exports = 1',
    },
    value: { a: 1 },
  },
  {
    name: '"type": "module" in package.json does not change CommonJS',
    files: { 'fn:f/index.js': 'exports.main = 1', 'fn:f/package.json': '{"type": "module"}' },
    value: { main: 1 },
  },
  {
    name: 'require.cache, require.resolve and require.main are Node’s',
    files: {
      'fn:f/index.js':
        'require("./a"); exports.cached = Object.keys(require.cache).filter((f) => f.startsWith(__dirname)).length; exports.name = require("path").basename(require.resolve("./a")); exports.main = require.main === module; delete require.cache[require.resolve("./a")]; exports.fresh = require("./a") !== exports.old',
      'fn:f/a.js': 'module.exports = {}',
    },
    value: { cached: 2, name: 'a.js', main: false, fresh: true },
  },
  {
    name: 'built-in modules, also under the names of public modules',
    files: {
      'fn:f/index.js':
        'exports.a = typeof require("crypto").createHash; exports.b = typeof require("node:fs").readFileSync',
    },
    value: { a: 'function', b: 'function' },
  },
  {
    name: 'createRequire finds files of the user',
    files: {
      'fn:f/index.js': 'exports.a = require("module").createRequire(__filename)("./a.ts").a',
      'fn:f/a.ts': 'export const a: number = 1',
    },
    value: { a: 1 },
  },
  {
    name: 'a module that requires another only when called',
    files: {
      'fn:f/index.js': 'exports.late = () => require("m")',
      'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
      'fn:common/m/index.js': 'module.exports = "late"',
    },
    check: 'await 1; return exports.late()',
    value: 'late',
  },
  {
    name: 'the instance’s uniCloud is a global',
    files: { 'fn:f/index.js': 'exports.a = uniCloud.stub; exports.b = global.uniCloud === uniCloud' },
    value: { a: true, b: true },
  },
  {
    name: 'npm packages of the function, with exports, main and nested packages, run untouched',
    files: {
      'fn:f/index.js': 'exports.a = require("a"); exports.sub = require("a/feature")',
      'fn:f/package.json': '{"dependencies": {"a": "1.0.0"}}',
      'fn:f/node_modules/a/package.json':
        '{"name": "a", "exports": {".": "./lib/main.js", "./feature": "./lib/f.js"}}',
      'fn:f/node_modules/a/lib/main.js': 'module.exports = require("b")',
      'fn:f/node_modules/a/lib/f.js': 'module.exports = "feature"',
      'fn:f/node_modules/a/node_modules/b/package.json': '{"name": "b", "main": "x.js"}',
      'fn:f/node_modules/a/node_modules/b/x.js': 'module.exports = "b"',
    },
    value: { a: 'b', sub: 'feature' },
  },
  {
    name: 'npm packages of the project',
    files: {
      'fn:f/index.js': 'exports.a = require("a")',
      'fn:f/package.json': '{"dependencies": {"a": "1.0.0"}}',
      'node_modules/a/index.js': 'module.exports = "project"',
    },
    value: { a: 'project' },
  },
  {
    name: 'ESM-only npm packages',
    files: {
      'fn:f/index.js': 'exports.a = require("a").default; exports.later = () => import("b")',
      'fn:f/package.json': '{"dependencies": {"a": "1.0.0", "b": "1.0.0"}}',
      'fn:f/node_modules/a/package.json': '{"name": "a", "type": "module", "exports": "./a.js"}',
      'fn:f/node_modules/a/a.js': 'export default "esm"',
      'fn:f/node_modules/b/package.json': '{"name": "b", "type": "module", "exports": {"import": "./b.js"}}',
      'fn:f/node_modules/b/b.js': 'export const b = await Promise.resolve("awaited")',
    },
    check: 'return { a: exports.a, b: (await exports.later()).b }',
    value: { a: 'esm', b: 'awaited' },
  },
]

/** Any add-on for this machine that the test tools brought along. */
const addOn = ['lightningcss', '@rolldown/binding']
  .map((name) => path.dirname(path.resolve('node_modules', name)))
  .flatMap((dir) => (existsSync(dir) ? readdirSync(dir).map((name) => path.join(dir, name)) : []))
  .filter((dir) => path.basename(dir).includes(`${process.platform}-${process.arch}`))
  .flatMap((dir) => readdirSync(dir).map((name) => path.join(dir, name)))
  .find((file) => file.endsWith('.node'))

describe('CommonJS in an instance', () => {
  test.each(cases)('$name', async ({ files, check, value }) => {
    await using project = await createFixture(files)
    const loaded = await project.load('f', check)
    expect(loaded.error?.stack).toBeUndefined()
    expect(loaded.value).toEqual(value)
  })

  test('with a cache of its own, as side by side with other instances', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'exports.a = require("./a"); exports.keys = Object.keys(require.cache).length',
      'fn:f/a.js': 'module.exports = require("p")',
      'fn:f/node_modules/p/index.js': 'module.exports = "p"',
    })
    const loaded = await project.load('f', undefined, { exclusive: false })
    expect(loaded.value).toEqual({ a: 'p', keys: 3 })
  })

  test('native add-ons, of the function and of packages', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'exports.own = typeof require("./native.node"); exports.pkg = typeof require("p")',
      'fn:f/node_modules/p/index.js': 'module.exports = require("./lib/native.node")',
      'fn:f/node_modules/p/lib/.keep': '',
    })
    const folder = path.join(project.dir, 'cloudfunctions/f')
    await copyFile(addOn ?? '', path.join(folder, 'native.node'))
    await symlink(addOn ?? '', path.join(folder, 'node_modules/p/lib/native.node'))
    const loaded = await project.load('f')
    expect(loaded.error?.stack).toBeUndefined()
    expect(loaded.value).toEqual({ own: 'object', pkg: 'object' })
    expect(loaded.files).toContain(path.join(folder, 'native.node'))
  })

  test('reports the files of the user, also those read later and those looked for in vain', async () => {
    await using project = await createFixture({
      'fn:f/index.js':
        'require("./a"); require("p"); try { require("./local") } catch {} exports.late = () => require("./b.json")',
      'fn:f/a.ts': 'export {}',
      'fn:f/b.json': '{}',
      'fn:f/node_modules/p/index.js': '',
    })
    const loaded = await project.load('f', 'exports.late()')
    const names = (files: string[]) =>
      files.map((file) => path.relative(path.join(project.dir, 'cloudfunctions/f'), file))
    expect(names(loaded.files)).toEqual(
      expect.arrayContaining(['index.js', 'a.ts', 'local.js', 'local.ts', 'b.json']),
    )
    expect(names(loaded.files).join()).not.toContain('node_modules')
    expect(names(loaded.lateFiles)).toEqual(['b.json'])
  })
})
