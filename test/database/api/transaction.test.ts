import { expect, it } from 'vitest'
import { ManualClock } from '../../../clock/clock.ts'
import { createDatabaseApi } from '../../../database/api/index.ts'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'

async function open(clock: ManualClock, defaultTimeoutMS = 5000, provider: 'aliyun' | 'alipay' = 'aliyun') {
  const database = new EmbeddedDatabase({ clock })
  const db = createDatabaseApi({
    database,
    name: 'space',
    provider,
    clock,
    requestId: () => 'request-1',
    warn: () => {},
    defaultTimeoutMS,
  })
  if (provider === 'alipay') await db.createCollection!('t')
  await db.collection('t').add({ _id: '1', a: 1 })
  return { db, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

it('is aborted 10 seconds after its start (spec/database.md §12)', async () => {
  const clock = new ManualClock('2026-01-01')
  await using space = await open(clock)
  const transaction = await space.db.startTransaction()
  await transaction.collection('t').doc('1').update({ a: 2 })
  await clock.advance(9_000)
  await transaction.collection('t').doc('1').update({ a: 3 })
  await clock.advance(1_001)
  for (const use of [
    () => transaction.collection('t').doc('1').get(),
    () => transaction.commit(),
    () => transaction.rollback(),
  ]) {
    await expect(use()).rejects.toMatchObject({
      code: 'DATABASE_TRANSACTION_FAIL',
      message: 'Transaction has been aborted: it was open for longer than the 10 s that uniCloud allows',
      requestId: 'request-1',
    })
  }
  expect(await space.db.collection('t').get()).toMatchObject({ data: [{ _id: '1', a: 1 }] })
})

it('a plain write that waits for a transaction too long times out', async () => {
  const clock = new ManualClock('2026-01-01')
  await using space = await open(clock)
  const transaction = await space.db.startTransaction()
  await transaction.collection('t').doc('1').update({ a: 2 })
  const write = space.db.collection('t').doc('1').update({ a: 3 })
  const refusal = expect(write).rejects.toMatchObject({
    code: 'DATABASE_TIMEOUT',
    mongoCode: 50,
    message: expect.stringContaining('operation exceeded time limit'),
  })
  // The write has to reach the lock before its time can run out.
  await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(5_001)
  await refusal
  await transaction.commit()
  expect(await space.db.collection('t').get()).toMatchObject({ data: [{ _id: '1', a: 2 }] })
})

it('keeps an error of its callback that came after a rollback', async () => {
  const clock = new ManualClock('2026-01-01')
  await using database = new EmbeddedDatabase({ clock })
  const db = createDatabaseApi({
    database,
    name: 'space',
    provider: 'alipay',
    clock,
    requestId: () => '',
    warn: () => {},
  })
  const run = db.runTransaction!(async (transaction) => {
    await transaction.rollback('reason')
    throw new Error('later')
  })
  await expect(run).rejects.toThrow('later')
})

it('runTransaction: a conflict that its callback swallows is no success', async () => {
  await using space = await open(new ManualClock('2026-01-01'), 5000, 'alipay')
  const { db } = space
  const run = db.runTransaction!(async (transaction) => {
    await db.collection('t').doc('1').update({ a: 7 })
    await transaction
      .collection('t')
      .doc('1')
      .update({ a: 8 })
      .catch(() => {})
    return 'done'
  })
  await expect(run).rejects.toMatchObject({
    code: 'DATABASE_TRANSACTION_FAIL',
    message: 'Transaction has been aborted: it conflicted with another write',
  })
})
