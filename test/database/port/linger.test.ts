import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Linger } from '../../../database/engine/linger.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setImmediate', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const awake = () => vi.getTimerCount() > 0
const later = () => vi.advanceTimersByTime(1)

test('it is awake after something was sent, for a moment', () => {
  const linger = new Linger()
  expect(awake()).toBe(false)
  linger.sent()
  linger.sent()
  expect(vi.getTimerCount()).toBe(1)
  later()
  expect(awake()).toBe(false)
})

test('with nothing to wait for it sleeps at once', () => {
  const linger = new Linger()
  linger.sent()
  linger.received()
  linger.rest()
  vi.runOnlyPendingTimers()
  expect(awake()).toBe(false)
})

test('where something comes it goes on', () => {
  const linger = new Linger()
  for (let round = 0; round < 10; round++) {
    linger.sent()
    expect(awake()).toBe(true)
    linger.received()
    later()
    expect(awake()).toBe(false)
  }
})

test('where nothing comes it tries ever less often, until something does', () => {
  const linger = new Linger()
  const tries = (count: number) => {
    let tried = 0
    for (let round = 0; round < count; round++) {
      linger.sent()
      if (awake()) tried++
      later()
    }
    return tried
  }
  expect(tries(1 + 2 + 1 + 4 + 1)).toBe(3)
  expect(tries(10_000)).toBeLessThan(100)
  expect(tries(1000)).toBeLessThan(10)
  while (!awake()) linger.sent()
  linger.received()
  later()
  linger.sent()
  expect(awake()).toBe(true)
})
