import { Decimal128, EJSON } from 'bson'
import { afterEach, expect, test } from 'vitest'
import { DatabaseError } from '../../../database/command.ts'
import type { Doc } from '../../../database/engine/values/types.ts'
import { openDatabase } from '../open.ts'

/** What a server of version 3.6 does and documentation does not say, found by `npm run test:oracle`. */
const database = openDatabase()
afterEach(() => database.command('d', { drop: 'c' }))

const nested = [{ _id: 1, a: [1] }, { _id: 2, a: [[1], 2] }, { _id: 3, a: [[]] }, { _id: 4 }]

test.each<[string, Doc[], Doc, unknown]>([
  ['an array at an index is one value', nested, { filter: { 'a.0': 1 } }, [1]],
  ['… and is found as a whole', nested, { filter: { 'a.0': [1] } }, [2]],
  ['… by its size', nested, { filter: { 'a.0': { $size: 0 } } }, [3]],
  ['… and sorted as a whole, an empty one below null', nested, { sort: { 'a.0': 1 } }, [3, 4, 1, 2]],
  ['behind an index an array is opened', [{ _id: 1, a: [[{ b: 1 }]] }], { filter: { 'a.0.b': 1 } }, [1]],
  [
    'sorting by two arrays, elements of them too',
    [{ _id: 1, a: [1], b: [1] }],
    { sort: { 'a.0': 1, 'b.0': 1 } },
    2,
  ],
  ['sorting by two elements of one array', [{ _id: 1, a: [2, 1] }], { sort: { 'a.0': 1, 'a.1': 1 } }, [1]],
])('%s', async (_name, documents, reading, expected) => {
  await database.command('d', { insert: 'c', documents })
  const found = database.command('d', { find: 'c', ...reading })
  if (typeof expected === 'number') await expect(found).rejects.toMatchObject({ code: expected })
  else expect(batch(await found).map(({ _id }) => _id)).toEqual(expected)
})

test('an index finds what reading all documents finds', async () => {
  await database.command('d', { insert: 'c', documents: nested })
  await database.command('d', { createIndexes: 'c', indexes: [{ key: { 'a.0': 1 }, name: 'first' }] })
  for (const value of [1, [1], [], null]) {
    const [scanned, looked] = await Promise.all(
      [{ $natural: 1 }, 'first'].map(async (hint) =>
        batch(await database.command('d', { find: 'c', filter: { 'a.0': value }, hint })),
      ),
    )
    expect(looked, EJSON.stringify(value)).toEqual(scanned)
  }
})

test('an index of elements of two arrays cannot be', async () => {
  await database.command('d', { createIndexes: 'c', indexes: [{ key: { 'a.0': 1, 'b.0': 1 }, name: 'two' }] })
  const reply = await database.command('d', { insert: 'c', documents: [{ a: [1], b: [1] }] })
  expect(reply.writeErrors).toMatchObject([{ code: 171 }])
})

test.each<[string, Doc, Doc, number]>([
  ['$min that leaves NaN', { a: Number.NaN }, { $min: { a: new Date(0) } }, 0],
  ['$rename of a missing field beside NaN', { a: [Number.NaN] }, { $rename: { b: 'a.0' } }, 0],
  ['$set of a new NaN', { a: 1 }, { $set: { a: Number.NaN } }, 1],
])('%s modifies %#', async (_name, document, u, modified) => {
  await database.command('d', { insert: 'c', documents: [document] })
  const reply = await database.command('d', { update: 'c', updates: [{ q: {}, u }] })
  expect(reply).toMatchObject({ n: 1, nModified: modified })
})

/** Fields: n is null, s a text, l a list, d the decimal 2.50. */
test.each<[string, Doc, unknown]>([
  ['a wrong argument before null', { $add: ['$l', '$n'] }, 14],
  ['null before a wrong argument', { $add: ['$n', '$l'] }, null],
  ['$multiply looks at one after the other, too', { $multiply: ['$s', '$n'] }, 14],
  ['$concatArrays', { $concatArrays: ['$s', '$n'] }, 28664],
  ['$concatArrays, null first', { $concatArrays: ['$n', { $ln: '$s' }] }, null],
  ['$setUnion', { $setUnion: ['$s', '$n'] }, 17043],
  ['$setIntersection, null first', { $setIntersection: ['$n', '$s'] }, null],
  ['$indexOfBytes of null looks no further', { $indexOfBytes: ['$n', { $ln: '$s' }] }, null],
  ['$indexOfArray of null looks no further', { $indexOfArray: ['$n', { $ln: '$s' }] }, null],
  ['a double beside decimals has no zeros behind it', { $toString: { $add: ['$d', 0.5] } }, '3.00'],
])('%s', async (_name, x, expected) => {
  await database.command('d', {
    insert: 'c',
    documents: [{ n: null, s: 'text', l: [1], d: Decimal128.fromString('2.50') }],
  })
  const result = await database
    .command('d', { aggregate: 'c', pipeline: [{ $project: { _id: 0, x } }], cursor: {} })
    .then(
      (reply) => batch(reply)[0]?.x,
      (error: unknown) => (error instanceof DatabaseError ? error.code : error),
    )
  expect(result).toEqual(expected)
})

// internals

function batch(reply: Readonly<Doc>): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}
