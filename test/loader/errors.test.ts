import { describe, expect, test } from 'vitest'
import { createFixture, type Loaded } from './instance.ts'

const lines = (...text: string[]) => text.join('\n')

describe('errors at load', () => {
  const broken: {
    name: string
    files: Record<string, string>
    file: string
    line: number
    column?: number
    message: RegExp
  }[] = [
    {
      name: 'JavaScript',
      files: { 'fn:f/index.js': lines('const a = 1', 'const b = {', 'const c = 3', '') },
      file: 'index.js',
      line: 3,
      column: 7,
      message: /Unexpected identifier/,
    },
    {
      name: 'JavaScript, in a required file, indented by tabs',
      files: { 'fn:f/index.js': 'require("./lib")', 'fn:f/lib.js': lines('{', '\tlet x = )', '}') },
      file: 'lib.js',
      line: 2,
      column: 10,
      message: /Unexpected token '\)'/,
    },
    {
      name: 'TypeScript',
      files: { 'fn:f/index.ts': lines('const ä: number = 1', 'const "中" = }', '') },
      file: 'index.ts',
      line: 2,
      column: 11,
      message: /^Expected ":" but found "="|^Expected identifier/,
    },
    {
      name: 'module syntax',
      files: { 'fn:f/index.js': lines('import a from "fs"', 'export default {', '  x: ,', '}') },
      file: 'index.js',
      line: 3,
      column: 6,
      message: /Unexpected ","/,
    },
    {
      name: 'await at the top of a module',
      files: { 'fn:f/index.ts': lines('export const a = 1', 'export const b = await fetch("")') },
      file: 'index.ts',
      line: 2,
      column: 18,
      message: /await outside of a function: cloud functions are CommonJS/,
    },
    {
      name: 'JSON',
      files: { 'fn:f/index.js': 'require("./c.json")', 'fn:f/c.json': lines('\uFEFF{', '  "a": 1,', '}') },
      file: 'c.json',
      line: 3,
      column: 1,
      message: /c\.json: .*JSON/,
    },
  ]
  test.each(broken)('syntax error in $name: file, line, column, frame', async (expected) => {
    await using project = await createFixture(expected.files)
    const { error, files } = await project.load('f')
    const file = `${project.dir}/cloudfunctions/f/${expected.file}`
    expect(error?.name).toBe('SyntaxError')
    expect(error?.message).toMatch(expected.message)
    expect(error?.place).toMatchObject({ file, line: expected.line })
    if (expected.name !== 'TypeScript') expect(error?.place).toHaveProperty('column', expected.column)
    expect(error?.stack).toMatch(new RegExp(`^${file}:${expected.line}:\\d+\n`))
    expect(error?.stack).toContain(`\n${error?.frame}\n\nSyntaxError: `)
    expect(error?.frame).toMatch(new RegExp(`^> ${expected.line} \\| .*\\n +\\| +.*\\^$`, 'm'))
    expect(files).toContain(file)
  })

  test('a frame shows the lines around, and a mark', async () => {
    await using project = await createFixture({
      'fn:f/index.js': lines('const a = 1', '', 'const b = a +* 2', 'module.exports = b', '', ''),
    })
    const { error } = await project.load('f')
    expect(error?.frame).toBe(
      lines(
        '  1 | const a = 1',
        '  2 |',
        '> 3 | const b = a +* 2',
        '    |              ^',
        '  4 | module.exports = b',
        '  5 |',
      ),
    )
  })

  test('an error thrown by the code itself passes through', async () => {
    await using project = await createFixture({
      'fn:f/index.js': lines(
        '// first',
        'function check() {',
        '  throw new TypeError("mine")',
        '}',
        'check()',
      ),
    })
    const { error } = await project.load('f')
    expect(error).toMatchObject({ name: 'TypeError', message: 'mine' })
    expect(error?.stack).toMatch(
      /^TypeError: mine\n {4}at check \(.*f\/index\.js:3:9\)\n {4}at .*f\/index\.js:5:1/,
    )
  })

  test('a file that failed to load is run again at the next require', async () => {
    await using project = await createFixture({
      'fn:f/index.js': 'exports.load = () => { try { require("./bad") } catch (e) { return e.message } }',
      'fn:f/bad.js': 'globalThis.runs = (globalThis.runs ?? 0) + 1; throw new Error("run " + runs)',
    })
    const { value } = await project.load('f', 'return [exports.load(), exports.load()]')
    expect(value).toEqual(['run 1', 'run 2'])
  })
})

describe('stacks of transformed files', () => {
  test('point at the lines and columns of the .ts file', async () => {
    await using project = await createFixture({
      'fn:f/index.ts': lines(
        'import { fail } from "./lib"',
        'interface Event { a: number }',
        '',
        'export const main = async (event: Event): Promise<void> => {',
        '  await fail(event.a)',
        '}',
      ),
      'fn:f/lib.ts': lines(
        'type Id = number',
        'export async function fail(id: Id) {',
        '  await null',
        '  throw new Error("id " + id)',
        '}',
      ),
    })
    for (const again of ['transformed', 'from the cache']) {
      const { error } = await project.load('f', 'await exports.main({ a: 7 })')
      expect(error?.stack, again).toMatch(
        /^Error: id 7\n {4}at fail \(.*f\/lib\.ts:4:9\)\n(?: {4}at process.*\n)? {4}at async .*main \(.*f\/index\.ts:5:3\)/,
      )
    }
  })

  test('look as ever in plain JavaScript, and with errors of Node', async () => {
    await using project = await createFixture({
      'fn:f/index.js':
        'exports.plain = () => new Error("x").stack; exports.node = () => { try { Buffer.alloc("x") } catch (e) { return e.stack } }',
      'fn:g/index.js': 'require("./t"); Object.assign(exports, require("../f"))',
      'fn:g/t.ts': 'export {}',
    })
    const check =
      'return [exports.plain(), exports.node(), String(Error.prepareStackTrace).includes("frames.reduce")]'
    const [plain, mapped] = [await project.load('f', check), await project.load('g', check)]
    const first = ({ value }: Loaded) =>
      (value as string[]).slice(0, 2).map((text) => text.split('\n').slice(0, 2).join('\n'))
    expect(first(mapped)).toEqual(first(plain))
    expect([plain, mapped].map(({ value }) => (value as unknown[])[2])).toEqual([false, true])
  })
})
