/** `uniCloud.database()` inside instances: the connection, not the API (that is tested in test/database/api). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GuestCode, guestCode } from './guest-code.ts'

let guest: GuestCode
beforeAll(async () => {
  guest = await guestCode()
})
afterAll(() => guest[Symbol.asyncDispose]())

describe('uniCloud.database()', () => {
  it('writes and reads; another instance sees it', async () => {
    const add = `return uniCloud.database().collection('a').add({ n: 1, at: new Date(0) })`
    expect(await guest.run(add)).toEqual({ id: expect.stringMatching(/^[0-9a-f]{24}$/) })
    const read = `const { data } = await uniCloud.database().collection('a').where({ n: 1 }).field({ _id: false }).get()
      return data`
    expect(await guest.run(read, undefined, 'plain')).toEqual([{ n: 1, at: '1970-01-01T00:00:00.000Z' }])
  })

  it('is one object per space', async () => {
    expect(await guest.run('return uniCloud.database() === uniCloud.database()')).toBe(true)
  })

  it('commands, aggregation and transactions', async () => {
    const code = `
      const db = uniCloud.database(), _ = db.command, $ = _.aggregate
      await db.collection('t').add([{ n: 1 }, { n: 2 }, { n: 3 }])
      const { updated } = await db.collection('t').where({ n: _.gt(1) }).update({ n: _.inc(10) })
      const sum = await db.collection('t').aggregate().group({ _id: null, sum: $.sum('$n') }).end()
      const transaction = await db.startTransaction()
      await transaction.collection('t').add({ n: 100 })
      await transaction.rollback()
      const { total } = await db.collection('t').count()
      return { updated, sum: sum.data[0].sum, total }`
    expect(await guest.run(code)).toEqual({ updated: 2, sum: 26, total: 3 })
  })
})
