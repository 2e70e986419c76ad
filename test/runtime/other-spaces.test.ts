import { expect, test } from 'vitest'
import { clientCall, openSpace, resultOf } from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

const caller = `exports.main = async ({ spaceId, name, data }) => {
  const other = uniCloud.init({ provider: 'tencent', spaceId })
  try {
    return name === 'todo' ? await other.importObject('todo').add(data) : await other.callFunction({ name, data })
  } catch ({ errCode, errMsg }) {
    return { errCode, errMsg }
  }
}`

test('functions and objects of a configured space can be called', async () => {
  using here = new ProjectFolder({ 'caller/index.js': caller })
  using there = new ProjectFolder({
    'echo/index.js': `exports.main = (event, context) => {
      console.log('printed over there')
      return { event, source: context.SOURCE, space: context.SPACEINFO.spaceId }
    }`,
    'todo/index.obj.js': 'module.exports = { add(title) { return { title } } }',
  })
  await using space = await openSpace({
    project: here.root,
    provider: 'tencent',
    spaces: { other: there.root, broken: `${there.root}/nothing` },
  })
  const call = async (event: unknown) => resultOf(await space.invoke(clientCall('caller', event)))
  expect(await call({ spaceId: 'other', name: 'echo', data: { a: 1 } })).toMatchObject({
    result: { event: { a: 1 }, source: 'function', space: 'other' },
  })
  expect(space.logs.list()).toContainEqual(
    expect.objectContaining({ text: 'printed over there', functionName: 'other/echo' }),
  )
  expect(await call({ spaceId: 'other', name: 'todo', data: 't' })).toEqual({ title: 't' })
  expect(await call({ spaceId: 'other', name: 'nope' })).toMatchObject({ errCode: 'FUNCTION_NOT_FOUND' })
  expect(await call({ spaceId: 'unknown', name: 'echo' })).toMatchObject({ errCode: 'INVALID_SPACE' })
  expect(await call({ spaceId: 'broken', name: 'echo' })).toMatchObject({
    errCode: 'INVALID_SPACE',
    errMsg: expect.stringContaining('cannot be opened'),
  })
})
