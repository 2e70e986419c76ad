import { expect, test } from 'vitest'
import { OrderedKeys } from '../../../database/engine/index/ordered-keys.ts'
import { RandomValues } from '../engine/random-values.ts'

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

test.each([1, 2, 3])('random insertions, removals and ranges agree with a plain list (seed %i)', (seed) => {
  const random = new RandomValues(seed)
  const list = new OrderedKeys()
  const model = new Model()
  const key = () => String.fromCharCode(97 + random.integer(26)) + String(random.integer(40))
  for (let step = 0; step < 4000; step++) {
    if (random.integer(3) > 0 || model.entries.length === 0) {
      const [newKey, record] = [key(), step]
      list.insert(newKey, record)
      model.insert(newKey, record)
    } else {
      const [oldKey, record] = model.entries[random.integer(model.entries.length)]!
      expect(list.remove(oldKey, record)).toBe(true)
      model.remove(oldKey, record)
      expect(list.remove(oldKey, record)).toBe(false)
    }
    if (step % 50 > 0) continue
    const [low, high] = [key(), random.integer(4) === 0 ? undefined : key()]
    for (const reverse of [false, true])
      expect([...list.range(low, high, reverse)]).toEqual(model.range(low, high, reverse))
    expect(list.first(low)).toBe(model.range(low, `${low}\0`, false)[0])
  }
  expect(list.size).toBe(model.entries.length)
  expect([...list.range('', undefined, false)]).toEqual(model.range('', undefined, false))
})

test('growing keys, then removal of everything', () => {
  const list = new OrderedKeys()
  const keys = Array.from({ length: 5000 }, (_, at) => String(at).padStart(6, '0'))
  keys.forEach((key, at) => {
    list.insert(key, at)
  })
  expect([...list.range('001000', '001005', false)]).toEqual([1000, 1001, 1002, 1003, 1004])
  keys.forEach((key, at) => {
    expect(list.remove(key, at)).toBe(true)
  })
  expect([...list.range('', undefined, false)]).toEqual([])
})

test('loading sorts by key, then record', () => {
  const list = new OrderedKeys()
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
})
