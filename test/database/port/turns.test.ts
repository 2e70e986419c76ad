import { afterAll, describe, expect, test } from 'vitest'
import type { DocumentDatabase } from '../../../database/command.ts'
import { EngineThread } from '../../../database/engine/engine-thread.ts'
import { PortDatabase } from '../../../database/engine/port-client.ts'
import { sortInTurns } from '../../../database/engine/sort-in-turns.ts'
import { RandomValues } from '../engine/random-values.ts'
import { Folder } from '../store/folder.ts'

type Doc = Record<string, unknown>

const COUNT = 300_000

/** Pipelines whose one stage has to do with every document before its first result. */
const heavy: [name: string, pipeline: Doc[]][] = [
  [
    '$group',
    [{ $group: { _id: '$a.b', sum: { $sum: { $multiply: ['$n', 2] } }, all: { $addToSet: '$text' } } }],
  ],
  ['$group into many, and a $match', [{ $group: { _id: '$_id' } }, { $match: { none: 1 } }]],
  ['$sort', [{ $sort: { text: 1, n: -1 } }, { $group: { _id: null, first: { $first: '$n' } } }]],
  [
    '$lookup',
    [
      { $match: { _id: { $lt: 30_000 } } },
      { $lookup: { from: 'c', localField: 'n', foreignField: '_id', as: 'other' } },
      { $match: { none: 1 } },
    ],
  ],
  [
    '$facet',
    [{ $facet: { groups: [{ $sortByCount: '$text' }], rows: [{ $unwind: '$list' }, { $count: 'n' }] } }],
  ],
]

const stores: [name: string, open: () => { thread: EngineThread; end(): void }][] = [
  ['in memory', () => ({ thread: new EngineThread(), end() {} })],
  [
    'lmdb',
    () => {
      const folder = new Folder()
      const thread = new EngineThread({ directory: folder.path, storage: 'lmdb', durability: 'none' })
      return { thread, end: () => folder[Symbol.dispose]() }
    },
  ],
]

describe.each(stores)('heavy reading lets others in (%s)', (_name, open) => {
  const { thread, end } = open()
  const others = new PortDatabase(thread.connect())
  const filled = fill(thread.database)

  afterAll(async () => {
    await thread.close()
    end()
  })

  test.each(heavy)(
    '%s',
    async (_stage, pipeline) => {
      await filled
      const run = thread.database.command('d', { aggregate: 'c', pipeline, cursor: {} })
      const times = await findMeanwhile(others, run)
      // Without turns there would be one time, as long as the whole pipeline: half a second to several.
      expect(times.length).toBeGreaterThan(8)
      expect(times[times.length >> 1]).toBeLessThan(30)
    },
    60_000,
  )

  test('what others write meanwhile is not seen by it', async () => {
    await filled
    const sum = { aggregate: 'c', pipeline: [{ $group: { _id: null, sum: { $sum: '$seen' } } }], cursor: {} }
    const running = thread.database.command('d', sum)
    const updates = [{ q: { _id: COUNT - 1 }, u: { $set: { seen: 1 } } }]
    const order: string[] = []
    const writing = thread.database.command('d', { update: 'c', updates }).then(() => order.push('written'))
    const { cursor } = await running
    order.push('summed')
    await writing
    expect(order).toEqual(['written', 'summed'])
    expect(cursor).toMatchObject({ firstBatch: [{ sum: 0 }] })
    expect((await thread.database.command('d', sum)).cursor).toMatchObject({ firstBatch: [{ sum: 1 }] })
  }, 60_000)
})

async function fill(database: DocumentDatabase): Promise<void> {
  const pipeline = [
    { $documents: [{ n: { $range: [0, COUNT] } }] },
    { $unwind: '$n' },
    {
      $project: {
        _id: '$n',
        n: { $mod: [{ $multiply: ['$n', 7919] }, COUNT] },
        a: { b: { $mod: ['$n', 50] } },
        text: { $concat: ['text ', { $toString: { $mod: ['$n', 977] } }] },
        list: [1, 2],
      },
    },
    { $out: 'c' },
  ]
  await database.command('d', { aggregate: 1, pipeline, cursor: {} })
}

/** Milliseconds of finds by `_id` one after the other, sorted, for as long as something else is running. */
async function findMeanwhile(database: DocumentDatabase, running: Promise<unknown>): Promise<number[]> {
  let ended = false
  const end = () => {
    ended = true
  }
  running.then(end, end)
  const times: number[] = []
  while (!ended) {
    const start = performance.now()
    await database.command('d', { find: 'c', filter: { _id: (times.length * 37) % COUNT } })
    times.push(performance.now() - start)
  }
  await running
  return times.sort((a, b) => a - b)
}

describe('sorting in turns', () => {
  test.each([0, 1, 2, 1000, 1024, 1025, 5000, 20_001])(
    '%i items: in order, equal ones as they came',
    (count) => {
      const random = new RandomValues(count)
      const items = Array.from({ length: count }, (_, at) => ({ key: random.integer(50), at }))
      const expected = items.toSorted((a, b) => a.key - b.key || a.at - b.at)
      const sorting = sortInTurns(items, (a, b) => a.key - b.key, { due: () => true })
      let turns = 0
      let step = sorting.next()
      for (; !step.done; step = sorting.next()) turns++
      expect(step.value).toEqual(expected)
      if (count > 1024) expect(turns).toBeGreaterThan(1)
    },
  )
})
