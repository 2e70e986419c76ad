/** Another configured space, from the cloud side (spec/runtime.md §7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixture } from '../runtime/open-space.ts'
import { type GuestCode, guestCode } from './guest-code.ts'

let guest: GuestCode
beforeAll(async () => {
  guest = await guestCode({ provider: 'tencent', spaces: { second: fixture('uni-cloud') } })
})
afterAll(() => guest[Symbol.asyncDispose]())

describe('a configured space', () => {
  it('is called', async () => {
    const code = `const second = uniCloud.init({ provider: 'tencent', spaceId: 'second' })
      const { result } = await second.callFunction({ name: 'plain', data: { code: 'return context.SPACEINFO.spaceId' } })
      return [result, await second.importObject('greeter').greet('Li')]`
    expect(await guest.run(code)).toEqual(['second', 'hello Li from function'])
  })

  it('has a database of its own, with transactions', async () => {
    const code = `
      const own = uniCloud.database(), second = uniCloud.database({ spaceId: 'second' })
      await own.createCollection('a')
      await second.createCollection('a')
      await second.collection('a').add({ n: 1 })
      await uniCloud.init({ spaceId: 'second' }).database().runTransaction(async (t) => {
        await t.collection('a').add({ n: 2 })
      })
      return [await own.collection('a').count(), await second.collection('a').count()].map(({ total }) => total)`
    expect(await guest.run(code)).toEqual([0, 2])
  })

  it('has no files', async () => {
    const code = `await uniCloud.init({ spaceId: 'second' }).uploadFile({})`
    expect(await guest.failure(code)).toMatchObject({ errCode: 'NOT_SUPPORTED' })
  })
})

describe('a space that cannot be used', () => {
  it.each([
    [`await uniCloud.init({ spaceId: 'third' }).callFunction({ name: 'x' })`],
    [`await uniCloud.init({ spaceId: 'third' }).importObject('x').y()`],
  ])('%s', async (code) => {
    expect(await guest.failure(code)).toMatchObject({
      errCode: 'INVALID_SPACE',
      errMsg: expect.stringContaining('name it and its project folder under "spaces"'),
    })
  })

  it('rejects in the database, too', async () => {
    const code = `await uniCloud.init({ spaceId: 'third' }).database().collection('a').get()`
    expect((await guest.failure(code)).message).toContain('[third] is unknown here')
  })

  it('is refused at once where the database is asked for by its space', async () => {
    expect(await guest.failure(`uniCloud.database({ spaceId: 'third' })`)).toMatchObject({
      errCode: 'INVALID_PARAM',
      errMsg: expect.stringContaining('[third] is unknown here'),
    })
  })

  it('aliyun knows no other spaces', async () => {
    await using aliyun = await guestCode({ spaces: { second: fixture('uni-cloud') } })
    const code = `await uniCloud.init({ spaceId: 'second' }).callFunction({ name: 'plain' })`
    expect(await aliyun.failure(code)).toMatchObject({
      errCode: 'INVALID_SPACE',
      errMsg: 'cloud functions of aliyun cannot use another space ([second])',
    })
  })
})
