import { describe, expect, test } from 'vitest'
import { IdKeys, type KeyList } from '../../../database/engine/index/key-list.ts'
import { OrderedKeys } from '../../../database/engine/index/ordered-keys.ts'
import { openEnvironment } from '../../../database/engine/store/lmdb/environment.ts'
import { LmdbKeys } from '../../../database/engine/store/lmdb/lmdb-keys.ts'
import { RandomValues } from '../engine/random-values.ts'
import { Folder } from './folder.ts'

/** The same list, kept the simple way. */
class Model {
  entries: [string, number][] = []

  insert(key: string, record: number): void {
    this.entries.push([key, record])
    this.entries.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]))
  }

  remove(key: string, record: number): boolean {
    const at = this.entries.findIndex((entry) => entry[0] === key && entry[1] === record)
    if (at >= 0) this.entries.splice(at, 1)
    return at >= 0
  }

  range(low: string, high: string | undefined, reverse: boolean): number[] {
    const found = this.entries
      .filter(([key]) => key >= low && (high === undefined || key < high))
      .map(([, record]) => record)
    return reverse ? found.reverse() : found
  }
}

type Work = (list: KeyList) => void

/** Runs the work on a list of its own, beside one that must not be touched. */
const lists: [name: string, run: (work: Work) => Promise<void>][] = [
  ['in memory', async (work) => work(new OrderedKeys())],
  [
    'in a file',
    async (work) => {
      using folder = new Folder()
      const environment = openEnvironment(folder.file('documents.lmdb'), { safe: false })
      const state = (number: number) => ({ number, size: 0, exact: true })
      const others = [1, 3].map((number) => new LmdbKeys(environment, 255, state(number)))
      await environment.root.transaction(() => {
        for (const other of others) other.load(['', 'a', '\xff', '\xff\xff'], [1, 2, 3, 4])
        environment.root.childTransaction(() => work(new LmdbKeys(environment, 255, state(2))))
        for (const other of others) expect([...other.range('', undefined, false)]).toEqual([1, 2, 3, 4])
      })
      await environment.root.close()
    },
  ],
]

describe.each(lists)('a list of keys %s', (_name, run) => {
  test.each([1, 2, 3])('random insertions, removals and ranges agree with a plain list (seed %i)', (seed) =>
    run((list) => {
      const random = new RandomValues(seed)
      const model = new Model()
      const key = () => random.pick(LETTERS) + String(random.integer(40)) + random.pick(ENDS)
      for (let step = 0; step < 4000; step++) {
        if (random.integer(3) > 0 || model.entries.length === 0) {
          const [newKey, record] = [key(), step]
          list.insert(newKey, record)
          model.insert(newKey, record)
        } else {
          const [oldKey, record] = model.entries[random.integer(model.entries.length)]!
          list.remove(oldKey, record)
          model.remove(oldKey, record)
        }
        if (step % 50 > 0) continue
        const low = key()
        const high = random.pick([undefined, key(), `${key()}\u0100`, `${random.pick(LETTERS)}\u0100`])
        for (const reverse of [false, true])
          expect([...list.range(low, high, reverse)]).toEqual(model.range(low, high, reverse))
        const under = model.range(low, `${low}\0`, false)
        expect(list.first(low)).toBe(under[0])
        expect(list.taken(low, under[0] ?? 0)).toBe(under[1])
        expect(list.taken(low, -1)).toBe(under[0])
      }
      expect(list.size).toBe(model.entries.length)
      expect([...list.range('', undefined, false)]).toEqual(model.range('', undefined, false))
    }),
  )

  test('growing keys, then removal of everything', () =>
    run((list) => {
      const keys = Array.from({ length: 5000 }, (_, at) => String(at).padStart(6, '0'))
      keys.forEach((key, at) => {
        list.insert(key, at)
      })
      expect([...list.range('001000', '001005', false)]).toEqual([1000, 1001, 1002, 1003, 1004])
      keys.forEach((key, at) => {
        list.remove(key, at)
      })
      expect([...list.range('', undefined, false)]).toEqual([])
      expect(list.size).toBe(0)
    }))

  test('loading sorts by key, then record', () =>
    run((list) => {
      const keys = Array.from({ length: 3000 }, (_, at) => String((at * 7919) % 100))
      list.load(
        keys,
        keys.map((_, at) => at),
      )
      const model = new Model()
      model.entries = keys
        .map((key, at): [string, number] => [key, at])
        .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]))
      expect([...list.range('', undefined, true)]).toEqual(model.range('', undefined, true))
    }))

  test('a reader that leaves early, or only begins, is in nobody’s way', () =>
    run((list) => {
      for (let record = 0; record < 100; record++) list.insert(`k${record}`, record)
      for (const record of list.range('', undefined, false)) if (record > 3) break
      list.range('', undefined, false)
      list.insert('later', 100)
      expect(list.first('later')).toBe(100)
    }))
})

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz', '\0', '\xfe', '\xff', '\xff\xff']
const ENDS = ['', '', '\0', '\xff', '\x01\x02']

test('an _id list: look-ups, and ranges from the time they are asked for', () => {
  const list = new IdKeys()
  list.load(['b', 'a'], [1, 2])
  expect([list.first('a'), list.first('c'), list.taken('a', 2), list.taken('a', 7), list.size]).toEqual([
    2,
    undefined,
    undefined,
    2,
    2,
  ])
  expect([...list.range('', undefined, false)]).toEqual([2, 1])
  list.insert('c', 3)
  list.remove('b', 1)
  expect([...list.range('', undefined, true)]).toEqual([3, 2])
  expect([...list.range('b', 'd', false)]).toEqual([3])
})

test('keys too long for the file are found all the same, but no longer in order', async () => {
  using folder = new Folder()
  const environment = openEnvironment(folder.file('documents.lmdb'), { safe: false })
  const state = { number: 0, size: 0, exact: true }
  const list = new LmdbKeys(environment, 1, state)
  const long = 'x'.repeat(1500)
  await environment.root.transaction(() => {
    for (const [record, end] of ['c', 'a', 'b', '', 'aa'].entries()) list.insert(long + end, record)
    list.insert('short', 5)
    list.insert('y', 6)
    expect([list.first(`${long}a`), list.first(long), list.first(`${long}aaa`)]).toEqual([1, 3, undefined])
    expect(list.exact).toBe(false)
    // A superset is enough for ranges.
    expect(new Set(list.range(`${long}a`, `${long}b`, false))).toEqual(new Set([0, 1, 2, 3, 4]))
    expect(new Set(list.range(long, `${long}\u0100`, true))).toEqual(new Set([0, 1, 2, 3, 4]))
    expect([...list.range('y', undefined, false)]).toEqual([6])
    list.remove(`${long}a`, 1)
    expect(list.first(`${long}a`)).toBeUndefined()
  })
  await environment.root.close()
})
