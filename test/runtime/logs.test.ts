import { afterEach, expect, test } from 'vitest'
import { clientCall, methodCall, openSpace, type TestSpace } from './open-space.ts'

let space: TestSpace
afterEach(() => space[Symbol.asyncDispose]())

test('what a call prints, in order, with its level, request and channel', async () => {
  space = await openSpace()
  const { requestId } = await space.invoke(clientCall('prints'))
  const lines = space.logs.list().filter((line) => line.requestId === requestId)
  expect(lines.map(({ level, channel, text }) => [level, channel, text.split('\n').at(-1)])).toEqual([
    ['log', 'console', '}'],
    ['warn', 'console', 'n is 5'],
    ['error', 'console', expect.stringMatching(/^ {4}at exports\.main \(.*prints\/index\.js:4:17\)$/)],
    ['debug', 'console', 'debugging'],
    ['log', 'console', 'group'],
    ['info', 'console', '  indented'],
    ['info', 'logger', 'only stored'],
    ['info', 'call', expect.stringMatching(/^prints ok \([\d.]+ ms, cold start\)$/)],
  ])
  expect(lines[0]?.text).toContain('{ e: 1 }')
  expect(lines.every(({ functionName }) => functionName === 'prints')).toBe(true)
})

test('what it writes to the standard streams itself', async () => {
  space = await openSpace()
  await space.invoke(clientCall('prints'))
  for (let round = 0; round < 100; round++) {
    if (space.logs.list().some(({ text }) => text === 'straight to stdout')) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect.unreachable('the line never came')
})

test('a flood of lines is cut, and says so', async () => {
  space = await openSpace()
  await space.invoke(clientCall('prints', { flood: 20_000 }))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await space.invoke(clientCall('prints'))
  const lines = space.logs.list()
  expect(lines.filter(({ text }) => text.startsWith('flood')).length).toBeLessThanOrEqual(5000)
  expect(lines.some(({ text }) => /^\d+ more lines were printed within a second/.test(text))).toBe(true)
})

test('one line per call, with what a tool wants to know', async () => {
  space = await openSpace()
  await space.invoke(methodCall('todo', 'text'))
  await space.invoke(methodCall('todo', 'breaksCoded'))
  const calls = space.logs.list().filter(({ channel }) => channel === 'call')
  expect(calls.map(({ level, call }) => [level, call])).toEqual([
    ['info', { source: 'client', target: 'todo.text', durationMs: expect.any(Number), ok: true, cold: true }],
    [
      'error',
      {
        source: 'client',
        target: 'todo.breaksCoded',
        durationMs: expect.any(Number),
        ok: false,
        errCode: 'E_BROKEN',
        errMsg: 'broken',
      },
    ],
  ])
})

test('a quiet log has the failed calls only', async () => {
  space = await openSpace({ requestLog: 'quiet' })
  await space.invoke(clientCall('hello'))
  await space.invoke(clientCall('nope'))
  const calls = space.logs.list().filter(({ channel }) => channel === 'call')
  expect(calls.map(({ text }) => text.split(' (')[0])).toEqual([
    'nope failed: FUNCTION_NOT_FOUND FUNCTION_NOT_FOUND: function [nope] does not exist',
  ])
})
