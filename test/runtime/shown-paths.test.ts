import { expect, test } from 'vitest'
import { clientCall, failureOf, openSpace } from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

const configuration = JSON.stringify({
  dependencies: { 'uni-config-center': 'file:../common/uni-config-center' },
})

test('callers hear of files without the folder of the machine they lie in', async () => {
  using project = new ProjectFolder({
    'data/index.js': "require('./data.json')",
    'data/data.json': '{"a":}',
    'settings/index.js': "exports.main = () => require('uni-config-center')({ pluginId: 'p' }).config()",
    'settings/package.json': configuration,
    'common/uni-config-center/p/config.json': '{"a":}',
    'own/index.js': 'exports.main = () => { throw new Error(__filename) }',
  })
  await using space = await openSpace({ project: project.root, builtins: true })
  const textOf = async (name: string) => failureOf(await space.invoke(clientCall(name)))[1]
  expect(await textOf('data')).toMatch(
    /^SyntaxError:uniCloud-aliyun\/cloudfunctions\/data\/data\.json: Unexp/,
  )
  expect(await textOf('settings')).toMatch(/^uni-config-center\/p\/config\.json: Unexpected token/)
  // What the code says itself is its own affair.
  expect(await textOf('own')).toContain(project.root)
})

test('the log names the files that the developer wrote, not the merged copy of the configuration', async () => {
  using project = new ProjectFolder({
    'hook/index.js': `exports.main = async ({ caught }) => {
  const hook = require('uni-config-center')({ pluginId: 'p' }).requireFile('hook.js')
  if (!caught) return hook()
  try { hook() } catch (error) { console.error('caught', error) }
}`,
    'hook/package.json': configuration,
    'common/uni-config-center/p/hook.js': "\nmodule.exports = () => { throw new Error('from a hook') }",
  })
  await using space = await openSpace({ project: project.root, builtins: true })
  await space.invoke(clientCall('hook', { caught: true }))
  const outcome = await space.invoke(clientCall('hook'))
  const stack = outcome.ok ? '' : outcome.failure.stack
  const logged = space.logs.list().find(({ text }) => text.includes('caught'))
  for (const text of [stack, logged?.text]) {
    expect(text).toContain('common/uni-config-center/p/hook.js:2:')
    expect(text).not.toContain('overlay')
  }
})
