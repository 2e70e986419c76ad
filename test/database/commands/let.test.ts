import { expect, test } from 'vitest'
import { Bench, batch } from './support.ts'

test('variables of let are expressions, evaluated once, in every command that takes them', async () => {
  await using bench = new Bench()
  await bench.insert(
    'c',
    [1, 2, 3].map((n) => ({ _id: n, n })),
  )
  const variables = { three: { $add: [1, 2] } }
  const filter = { $expr: { $eq: ['$n', '$$three'] } }
  expect(await bench.find('c', { filter, let: variables })).toMatchObject([{ _id: 3 }])
  expect(
    batch(await bench.run({ aggregate: 'c', pipeline: [{ $match: filter }], let: variables, cursor: {} })),
  ).toMatchObject([{ _id: 3 }])
  const updates = [{ q: filter, u: [{ $set: { seen: '$$three' } }] }]
  expect(await bench.run({ update: 'c', updates, let: variables })).toMatchObject({ nModified: 1 })
  expect(await bench.find('c', { filter: { seen: 3 } })).toMatchObject([{ _id: 3 }])
  const constant = [{ q: { _id: 1 }, u: [{ $set: { seen: '$$five' } }], c: { five: 5 } }]
  expect(await bench.run({ update: 'c', updates: constant })).toMatchObject({ nModified: 1 })
  expect(await bench.run({ findAndModify: 'c', query: filter, remove: true, let: variables })).toMatchObject({
    value: { _id: 3 },
  })
  expect(
    await bench.run({
      delete: 'c',
      deletes: [{ q: { $expr: { $lt: ['$n', '$$three'] } }, limit: 0 }],
      let: variables,
    }),
  ).toMatchObject({ n: 2 })
})
