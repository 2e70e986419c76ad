import { readdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Transforms } from '../../runtime/host/transforms.ts'
import { TransformCache } from '../../runtime/source-transform.ts'
import { createFixture } from './instance.ts'

const cases: { name: string; files: Record<string, string>; check?: string; value: unknown }[] = [
  {
    name: 'TypeScript entry with named main',
    files: { 'fn:f/index.ts': 'export const main = (event: { a: number }): number => event.a' },
    check: 'return exports.main({ a: 3 })',
    value: 3,
  },
  {
    name: 'TypeScript object as default export',
    files: { 'fn:f/index.obj.ts': 'export default { add(a: number, b: number) { return a + b } }' },
    check: 'return exports.add(1, 2)',
    value: 3,
  },
  {
    name: 'TypeScript object as named exports',
    files: { 'fn:f/index.obj.ts': 'export function add(a: number, b: number) { return a + b }' },
    check: 'return [Object.keys(exports), exports.add(1, 2)]',
    value: [['add'], 3],
  },
  {
    name: 'a function keeps its named main beside a default export',
    files: { 'fn:f/index.ts': 'export const main = () => "main"; export default { other: 1 }' },
    check: 'return exports.main()',
    value: 'main',
  },
  {
    name: 'TypeScript in CommonJS style',
    files: { 'fn:f/index.ts': 'const a: number = 1; type T = string; module.exports = { a }' },
    value: { a: 1 },
  },
  {
    name: 'types, enums, parameter properties, type imports; nothing is type-checked',
    files: {
      'fn:f/index.ts':
        'import type { T } from "./nowhere"; import { Level } from "./level"; class A { constructor(readonly x: number) {} } const wrong: string = 1; export const v: T = { level: Level.High, x: new A(wrong).x }',
      'fn:f/level.ts': 'export enum Level { Low, High }',
    },
    value: { v: { level: 1, x: 1 } },
  },
  {
    name: 'TypeScript requires JavaScript and the other way round; .js wins over .ts',
    files: {
      'fn:f/index.ts':
        'import b from "./b"; import { c } from "./c.js"; export default { b, c, d: require("./d") }',
      'fn:f/b.js': 'module.exports = "js"',
      'fn:f/c.ts': 'export const c = "ts by its future name"',
      'fn:f/d.js': 'module.exports = "d.js"',
      'fn:f/d.ts': 'export default "d.ts"',
    },
    value: { b: 'js', c: 'ts by its future name', d: 'd.js' },
  },
  {
    name: 'module syntax in .js and .mjs',
    files: {
      'fn:f/index.js':
        'import fs, { readFileSync } from "fs"; import m from "./m.mjs"; export const main = () => [m, typeof readFileSync, fs.readFileSync === readFileSync]',
      'fn:f/m.mjs': 'export default "mjs"',
    },
    check: 'return exports.main()',
    value: ['mjs', 'function', true],
  },
  {
    name: 'minified module syntax, export only, and export lists',
    files: {
      'fn:f/index.js':
        'const{a}=require("./a");exports.a=a;exports.b=require("./b");exports.c=require("./c").c',
      'fn:f/a.js': 'const a=1;export{a};',
      'fn:f/b.js': 'export {}',
      'fn:f/c.js': 'var x;"use strict";x=1;import"./a";export*from"./d"',
      'fn:f/d.js': 'export const c = 3',
    },
    value: { a: 1, b: {}, c: 3 },
  },
  {
    name: 'module words in comments and strings do not make a module',
    files: {
      'fn:f/index.js':
        '// import x from "y"\n/* export default 1 */\n/** @type {import("z").T} */\nvar arguments_ = "export const a";\nwith (Math) { exports.sloppy = max(1, 2) }',
    },
    value: { sloppy: 2 },
  },
  {
    name: 'module syntax beside module.exports',
    files: {
      'fn:f/index.js': 'import b from "./b"\nmodule.exports = { b }',
      'fn:f/b.js': 'module.exports = 1',
    },
    value: { b: 1 },
  },
  {
    name: 'import() of TypeScript, of public modules and of built-in modules',
    files: {
      'fn:f/index.js':
        'exports.main = async () => [(await import("./t")).t, (await import("m")).default.name, (await import("m")).name, typeof (await import("node:fs")).readFileSync, (await import("./" + "d.json")).default.x]',
      'fn:f/t.ts': 'export const t = "ts"',
      'fn:f/d.json': '{"x": 1}',
      'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
      'fn:common/m/index.js': 'module.exports = { name: "m" }',
    },
    check: 'return exports.main()',
    value: ['ts', 'm', 'm', 'function', 1],
  },
  {
    name: 'import.meta',
    files: {
      'fn:f/index.ts':
        'export const a = [import.meta.url === require("url").pathToFileURL(__filename).href, import.meta.dirname === __dirname, import.meta.filename === __filename]',
    },
    value: { a: [true, true, true] },
  },
  {
    name: 'circular imports of TypeScript modules',
    files: {
      'fn:f/index.ts': 'import { b } from "./b"; export const a = () => "a"; export const main = () => b()',
      'fn:f/b.ts': 'import { a } from "./index"; export const b = () => a() + "b"',
    },
    check: 'return exports.main()',
    value: 'ab',
  },
]

describe('TypeScript and module syntax', () => {
  test.each(cases)('$name', async ({ files, check, value }) => {
    await using project = await createFixture(files)
    const loaded = await project.load('f', check)
    expect(loaded.error?.stack).toBeUndefined()
    expect(loaded.value).toEqual(value)
  })
})

describe('transforms', () => {
  const files = {
    'fn:f/index.ts': 'export const main = (): string => "cached"',
    'fn:f/m.mjs': 'export default 1',
    'fn:f/plain.js': 'module.exports = "import nothing"',
    'fn:f/node_modules/p/index.ts': 'export {}',
    'fn:f/broken.ts': 'const = 1',
    'fn:f/types.d.ts': 'export type A = 1',
  }

  test('made ahead, by content, for the files that need it', async () => {
    await using project = await createFixture(files)
    const cache = path.join(project.data, 'transforms')
    const transforms = new Transforms(cache)
    await transforms.ahead([path.join(project.dir, 'cloudfunctions'), path.join(project.dir, 'gone')])
    await transforms.close()
    const entries = (await readdir(cache)).filter((name) => name.endsWith('.js'))
    // index.ts, m.mjs, and the note that plain.js is fine as it is.
    expect(entries).toHaveLength(3)
    const index = entries.map((name) => path.join(cache, name))
    for (const file of index) await writeFile(file, '+exports.main = () => "from the cache"')
    const loaded = await project.load('f', 'return exports.main()')
    expect(loaded.value).toBe('from the cache')
  })

  test('made at load when nobody did before, and kept', async () => {
    await using project = await createFixture({ 'fn:f/index.ts': 'export const main = (): number => 1' })
    expect((await project.load('f', 'return exports.main()')).value).toBe(1)
    const entries = await readdir(path.join(project.data, 'transforms'))
    expect(entries.map((name) => path.extname(name)).sort()).toEqual(['.js', '.map'])
    await project.write({ 'fn:f/index.ts': 'export const main = (): number => 2' })
    expect((await project.load('f', 'return exports.main()')).value).toBe(2)
  })

  test('the oldest entries are forgotten', async () => {
    await using project = await createFixture({})
    const dir = path.join(project.data, 'transforms')
    const cache = new TransformCache(dir)
    for (const [index, key] of ['a', 'b', 'c'].entries()) {
      cache.write(key, { code: key, map: '{}' })
      await utimes(path.join(dir, `${key}.js`), index, index)
    }
    await cache.prune(2)
    expect((await readdir(dir)).sort()).toEqual(['b.js', 'b.map', 'c.js', 'c.map'])
    expect([cache.read('a'), cache.read('c')]).toEqual([undefined, { code: 'c' }])
  })

  test('neither esbuild nor the lexer is loaded unless something must be transformed', async () => {
    await using project = await createFixture({
      'fn:plain/index.js': '// import x from "y"\nexports.a = 1',
      'fn:typed/index.ts': 'export const a = 1',
    })
    const check =
      'return Object.keys(require.cache).filter((file) => /esbuild|es-module-lexer/.test(file)).length'
    for (const name of ['plain', 'typed']) {
      expect((await project.load(name, check)).value, `${name}, first`).toBeGreaterThan(0)
      expect((await project.load(name, check)).value, `${name}, again`).toBe(0)
    }
  })
})
