import { expect, test } from 'vitest'
import { ManualClock } from '../../../clock/clock.ts'
import { Folder } from './folder.ts'

/** Documents by the hundred thousand, made by the engine itself. */
const many = (count: number) => ({
  aggregate: 1,
  pipeline: [
    { $documents: [{ n: { $range: [0, count] } }] },
    { $unwind: '$n' },
    { $project: { _id: '$n' } },
    { $out: 'many' },
  ],
  cursor: {},
})

test('too many documents for memory: the other store is named, once, also when they are not loaded yet', async () => {
  using folder = new Folder()
  const clock = new ManualClock('2026-01-01')
  const database = folder.open({ clock, durability: 'none' })
  await database.command('d', many(299_999))
  await clock.advance(60_000)
  expect(folder.warnings).toEqual([])
  await database.command('d', { insert: 'more', documents: [{ _id: 1 }] })
  await clock.advance(120_000)
  const warning = expect.stringMatching(
    /holds 300000 documents \(\d+ MB\).*storage: 'lmdb', or --storage lmdb/,
  )
  expect(folder.warnings).toEqual([warning])
  await database.close()
  folder.warnings.length = 0
  await using again = folder.open({ clock, durability: 'none' })
  await clock.advance(120_000)
  expect(folder.warnings).toEqual([warning])
  expect([...again.state.catalog.all()].some(({ loaded }) => loaded)).toBe(false)
})

test('lmdb has room for them', async () => {
  using folder = new Folder()
  const clock = new ManualClock('2026-01-01')
  await using database = folder.open({ clock, storage: 'lmdb', durability: 'none' })
  await database.command('d', many(300_001))
  await clock.advance(60_000)
  await database.settled()
  expect(folder.warnings).toEqual([])
})
