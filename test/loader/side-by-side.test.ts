import { describe, expect, test } from 'vitest'
import { createFixture } from './instance.ts'

const files = {
  'fn:f/index.js':
    'exports.m = require("m"); exports.p = require("p"); exports.late = () => require("./late")',
  'fn:f/late.js': 'module.exports = { m: require("m") }',
  'fn:f/package.json': '{"dependencies": {"m": "file:../common/m"}}',
  'fn:g/index.js':
    'exports.m = require("m"); exports.late = () => { try { require("n") } catch (e) { return e.code } }',
  'fn:g/package.json': '{"dependencies": {"m": "file:../common/m"}}',
  'fn:h/index.ts': 'export const fail = () => new Error("h").stack',
  'fn:common/m/index.js': 'module.exports = { count: 0 }',
  'fn:common/n/index.js': '',
  'fn:node_modules/p/index.js': 'module.exports = {}',
}
const setup =
  'const create = (name) => createLoader({ space, entry: functions[name], onFiles() {} }); const f = create("f"); const g = create("g");'

describe('several instances in one thread', () => {
  test('each has its own modules, also those required later', async () => {
    await using project = await createFixture(files)
    const result = await project.run(`${setup}
      const f2 = create('f')
      const [a, b, c] = [f.loadEntry(), g.loadEntry(), f2.loadEntry()]
      a.m.count++
      reply({
        counts: [a.m.count, b.m.count, c.m.count],
        packages: a.p === c.p,
        late: a.late().m === a.m && c.late().m === c.m,
        undeclared: b.late(),
        outside: Object.keys(require.cache).filter((file) => file.includes('cloudfunctions')),
      })`)
    expect(result).toEqual({
      counts: [1, 0, 0],
      packages: false,
      late: true,
      undeclared: 'MODULE_NOT_FOUND',
      outside: [],
    })
  })

  test('the last one that closes leaves Node as it was', async () => {
    await using project = await createFixture(files)
    const result = await project.run(`
      const Module = require('node:module')
      const state = () => [Module._load, Module._resolveFilename, Module._cache, Error.prepareStackTrace,
        ...Object.entries(Module._extensions).flat()]
      const before = state()
      ${setup}
      const h = create('h')
      const stack = h.loadEntry().fail()
      h.close()
      f.close()
      const between = Module._load === before[0]
      const loaded = g.loadEntry().m.count
      g.close()
      const after = state()
      reply({ stack, between, loaded, same: before.length === after.length && before.every((x, i) => x === after[i]) })`)
    expect(result).toEqual({
      stack: expect.stringContaining('h/index.ts:1:27'),
      between: false,
      loaded: 0,
      same: true,
    })
  })
})

test('in a process of its own it is the same', async () => {
  await using project = await createFixture(files)
  const code =
    'const h = createLoader({ space, entry: functions.h, exclusive: true, onFiles() {} }); reply(h.loadEntry().fail())'
  expect(await project.run(code, { process: true })).toContain('h/index.ts:1:27')
})
