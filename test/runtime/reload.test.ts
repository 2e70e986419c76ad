import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientCall, failureOf, methodCall, openSpace, resultOf, type TestSpace } from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

const files = {
  'one/index.js': `const id = Math.random(); exports.main = async (event) => {
    if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms))
    return { version: 1, id, helper: require('./helper') }
  }`,
  'one/helper.js': 'module.exports = 1',
  'two/index.js': `const id = Math.random(); const shared = require('shared'); exports.main = () => ({ id, shared })`,
  'two/package.json': '{"dependencies":{"shared":"file:../common/shared"}}',
  'three/index.js': `const id = Math.random(); exports.main = () => ({ id, shared: require('shared') })`,
  'three/package.json': '{"dependencies":{"shared":"file:../common/shared"}}',
  'common/shared/index.js': 'module.exports = 1',
  'common/shared/package.json': '{"name":"shared"}',
  'object/index.obj.js': 'module.exports = { a() { return 1 } }',
}

let space: TestSpace
let project: ProjectFolder
beforeEach(async () => {
  project = new ProjectFolder(files)
  space = await openSpace({ project: project.root })
})
afterEach(async () => {
  await space[Symbol.asyncDispose]()
  project[Symbol.dispose]()
})

const call = async (name: string, event: unknown = {}) =>
  resultOf(await space.invoke(clientCall(name, event))) as {
    version: number
    id: number
    helper: number
    shared: number
  }

describe('reload', () => {
  test('renews the functions that loaded the file, and no others', async () => {
    const [one, two, three] = [await call('one'), await call('two'), await call('three')]
    const changed = project.write('common/shared/index.js', 'module.exports = 2')
    expect(space.functionsUsing(changed).sort()).toEqual(['three', 'two'])
    expect(await space.reload([changed])).toEqual({ reloaded: ['two', 'three'], added: [], removed: [] })
    expect((await call('one')).id).toBe(one.id)
    for (const [name, before] of [
      ['two', two],
      ['three', three],
    ] as const) {
      const after = await call(name)
      expect(after.shared).toBe(2)
      expect(after.id).not.toBe(before.id)
    }
  })

  test('counts files that were required late', async () => {
    await call('one')
    const changed = project.write('one/helper.js', 'module.exports = 2')
    expect((await space.reload([changed])).reloaded).toEqual(['one'])
    expect((await call('one')).helper).toBe(2)
  })

  test('follows links: to the project, to a function and to a module', async () => {
    const root = `${project.root}-link`
    symlinkSync(project.root, root)
    renameSync(project.path('two'), `${project.root}/two-elsewhere`)
    symlinkSync(`${project.root}/two-elsewhere`, project.path('two'))
    await using linked = await openSpace({ project: root })
    const shared = async (name: string) =>
      (resultOf(await linked.invoke(clientCall(name))) as { shared: number }).shared
    expect([await shared('two'), await shared('three')]).toEqual([1, 1])
    project.write('common/shared/index.js', 'module.exports = 2')
    const seen = project.path('common/shared/index.js').replace(project.root, root)
    expect((await linked.reload([seen])).reloaded.sort()).toEqual(['three', 'two'])
    expect([await shared('two'), await shared('three')]).toEqual([2, 2])
    project.write('two/index.js', 'exports.main = () => ({ shared: 3 })')
    expect(
      (await linked.reload([project.path('two/index.js').replace(project.root, root)])).reloaded,
    ).toEqual(['two'])
    expect(await shared('two')).toBe(3)
    rmSync(root)
  })

  test('leaves running calls to the old code', async () => {
    await call('one')
    const running = call('one', { ms: 200 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    await space.reload([
      project.write('one/index.js', files['one/index.js'].replace('version: 1', 'version: 2')),
    ])
    expect((await call('one')).version).toBe(2)
    expect((await running).version).toBe(1)
  })

  test('answers with the load error of the new code, and serves again once it is mended', async () => {
    await call('one')
    await space.reload([project.write('one/index.js', 'exports.main = () => {')])
    expect(failureOf(await space.invoke(clientCall('one')))[1]).toMatch(/^SyntaxError:/)
    const lines = space.logs.list().filter(({ text }) => text.includes('[one] cannot be loaded'))
    expect(lines[0]?.text).toContain(`${project.path('one/index.js')}:1`)
    await space.reload([project.write('one/index.js', 'exports.main = () => ({ version: 3 })')])
    expect((await call('one')).version).toBe(3)
  })

  test('a file that was missing mends the function that looked for it', async () => {
    await space.reload([
      project.write('one/index.js', `const a = require('./later'); exports.main = () => a`),
    ])
    expect(failureOf(await space.invoke(clientCall('one')))[1]).toMatch(/^MODULE_NOT_FOUND:/)
    await space.reload([project.write('one/later.js', 'module.exports = { version: 4 }')])
    expect((await call('one')).version).toBe(4)
  })

  test('adds, removes and reconfigures functions', async () => {
    const seen: string[][] = []
    using _ = space.onManifest((manifest) => seen.push(Object.keys(manifest.functions).sort()))
    const { id } = await call('one')
    await space.reload([project.write('four/index.js', 'exports.main = () => ({ version: 4 })')])
    expect((await call('four')).version).toBe(4)
    expect(await space.reload([project.remove('two')])).toMatchObject({ removed: ['two'] })
    expect(failureOf(await space.invoke(clientCall('two')))[0]).toBe('FUNCTION_NOT_FOUND')
    const config = project.write('one/package.json', '{"cloudfunction-config":{"timeout":1}}')
    expect((await space.reload([config])).reloaded).toEqual(['one'])
    expect((await call('one')).id).not.toBe(id)
    expect(failureOf(await space.invoke(clientCall('one', { ms: 3000 })))[0]).toBe('FUNCTION_TIMEOUT')
    expect(seen).toEqual([
      ['four', 'object', 'one', 'three', 'two'],
      ['four', 'object', 'one', 'three'],
      ['four', 'object', 'one', 'three'],
    ])
  })

  test('calls that wait are served by the new code', async () => {
    await space.reload([project.write('one/index.js', 'exports.main = () => new Promise(() => {})')])
    await space.reload([project.write('one/package.json', '{"cloudfunction-config":{"timeout":1}}')])
    const small = await openSpace({ project: project.root, maxInstances: 1 })
    try {
      const stuck = small.invoke(clientCall('one'))
      while (!small.instances().some(({ name, busy }) => name === 'one' && busy === 1)) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      const waiting = small.invoke(clientCall('one'))
      await small.reload([project.write('one/index.js', 'exports.main = () => ({ version: 5 })')])
      expect(resultOf(await waiting)).toEqual({ version: 5 })
      expect(failureOf(await stuck)[0]).toBe('FUNCTION_TIMEOUT')
    } finally {
      await small[Symbol.asyncDispose]()
    }
  })

  test('methods are those of the new code', async () => {
    expect(await space.methods('object')).toEqual(['a'])
    await space.reload([project.write('object/index.obj.js', 'module.exports = { b() { return 2 } }')])
    expect(await space.methods('object')).toEqual(['b'])
    expect(resultOf(await space.invoke(methodCall('object', 'b')))).toBe(2)
    expect(failureOf(await space.invoke(methodCall('object', 'a')))[1]).toBe('Method[a] not found')
  })

  test('a project that cannot be read leaves the former version serving', async () => {
    await call('one')
    const plugin = (name: string) =>
      project.write(
        `../../uni_modules/${name}/uniCloud/cloudfunctions/clash/index.js`,
        'exports.main = () => 1',
      )
    const clashing = [plugin('p1'), plugin('p2')]
    await expect(space.reload(clashing)).rejects.toMatchObject({ code: 'PROJECT_INVALID' })
    expect((await call('one')).version).toBe(1)
  })
})
