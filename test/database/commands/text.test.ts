import { describe, expect, test } from 'vitest'
import { Bench, batch, type Doc, failure } from './support.ts'

async function library(): Promise<Bench> {
  const bench = new Bench()
  await bench.run({ createIndexes: 'c', indexes: [{ key: { title: 'text', notes: 'text' }, name: 'text' }] })
  await bench.insert('c', [
    { _id: 1, title: 'The red house', kind: 'a', tags: ['x', 'y'] },
    { _id: 2, title: 'A blue boat', notes: 'red red red', kind: 'b', tags: ['x'] },
    { _id: 3, title: 'Nothing', kind: 'a', tags: [] },
    { _id: 4, title: 'Red', kind: 'b', tags: ['z'] },
  ])
  return bench
}

const text = { $match: { $text: { $search: 'red' } } }
const score = { $meta: 'textScore' }

describe('$text at the beginning of a pipeline', () => {
  async function run(bench: Bench, pipeline: Doc[]): Promise<Doc[]> {
    return batch(await bench.run({ aggregate: 'c', pipeline, cursor: {} }))
  }

  test('finds what a query finds, with the same scores', async () => {
    await using bench = await library()
    const found = await bench.find('c', {
      filter: { $text: { $search: 'red' } },
      projection: { score },
      sort: { score },
    })
    expect(found.map(({ _id }) => _id)).toEqual([2, 4, 1])
    expect(await run(bench, [text, { $sort: { score } }, { $addFields: { score } }])).toEqual(found)
    expect(await run(bench, [text, { $addFields: { score } }, { $sort: { score: -1 } }])).toEqual(found)
  })

  test('together with other conditions', async () => {
    await using bench = await library()
    const both = [{ $match: { kind: 'b', $and: [{ $text: { $search: 'red' } }] } }, { $project: { _id: 1 } }]
    expect(await run(bench, both)).toEqual([{ _id: 2 }, { _id: 4 }])
  })

  const carried: [name: string, stages: Doc[]][] = [
    ['$project', [{ $project: { title: 1 } }, { $project: { notes: 0 } }]],
    ['$unwind and $set', [{ $unwind: '$tags' }, { $set: { more: 1 } }]],
    ['$match, $skip and $limit', [{ $match: { kind: 'b' } }, { $skip: 1 }, { $limit: 1 }]],
    ['$replaceRoot', [{ $replaceRoot: { newRoot: { _id: '$_id' } } }]],
    ['$lookup', [{ $lookup: { from: 'c', localField: 'kind', foreignField: 'kind', as: 'others' } }]],
  ]
  test.each(carried)('the score goes through %s', async (_name, stages) => {
    await using bench = await library()
    const found = await bench.find('c', { filter: { $text: { $search: 'red' } }, projection: { score } })
    const scores = new Map(found.map((doc) => [doc._id, doc.score]))
    const results = await run(bench, [text, ...stages, { $addFields: { score } }])
    expect(results.length).toBeGreaterThan(0)
    for (const doc of results) expect(doc.score).toBe(scores.get(doc._id))
  })

  test('and can be used while documents are grouped, but not after that', async () => {
    await using bench = await library()
    const group = { $group: { _id: null, best: { $max: score }, n: { $sum: 1 } } }
    const [result] = await run(bench, [text, group, { $addFields: { late: score } }])
    expect(result).toEqual({ _id: null, best: expect.any(Number), n: 3 })
  })

  const refused: [name: string, pipeline: Doc[], code: number][] = [
    ['in a later stage', [{ $sort: { _id: 1 } }, text], 17313],
    [
      'in a later $match',
      [{ $match: { kind: 'a' } }, { $match: { $or: [{ $text: { $search: 'x' } }] } }],
      17313,
    ],
    ['inside $facet', [{ $facet: { a: [text] } }], 17313],
    ['the score without it', [{ $addFields: { score } }], 40218],
  ]
  test.each(refused)('refused: %s', async (_name, pipeline, code) => {
    await using bench = await library()
    expect(await failure(bench.run({ aggregate: 'c', pipeline, cursor: {} }))).toMatchObject({ code })
  })

  test('needs a text index', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1 }])
    expect(await failure(bench.run({ aggregate: 'c', pipeline: [text], cursor: {} }))).toMatchObject({
      code: 27,
      message: expect.stringContaining('text index required for $text query'),
    })
  })

  test('in the pipeline of a join it is the other collection’s index that counts', async () => {
    await using bench = await library()
    await bench.insert('d', [{ _id: 1 }])
    const pipeline = [{ $lookup: { from: 'c', pipeline: [text, { $project: { score } }], as: 'found' } }]
    const [doc] = batch(await bench.run({ aggregate: 'd', pipeline, cursor: {} }))
    expect((doc!.found as Doc[]).map(({ _id, score: own }) => [_id, typeof own])).toEqual([
      [1, 'number'],
      [2, 'number'],
      [4, 'number'],
    ])
  })
})
