import { afterEach, expect, test } from 'vitest'
import type { Invocation } from '../../runtime/invocation.ts'
import { clientCall, methodCall, openSpace, type TestSpace } from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

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
  // On a busy machine the flood may take several seconds; each has its own 5,000 lines.
  const cuts = lines.filter(({ text }) => /^\d+ more lines were printed within a second/.test(text)).length
  expect(cuts).toBeGreaterThan(0)
  expect(lines.filter(({ text }) => text.startsWith('flood')).length).toBeLessThanOrEqual(5000 * (cuts + 1))
  expect(lines.filter(({ text }) => text.startsWith('flood')).length).toBeLessThan(20_000)
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
    'nope failed: FUNCTION_NOT_FOUND function [nope] does not exist',
  ])
})

test.each<[string, Invocation, string]>([
  ['a function', clientCall('hello', { method: 'x' }), 'hello'],
  ['a method, as the SDK names it', clientCall('todo', { method: 'text', params: [] }), 'todo.text'],
  ['no method', clientCall('todo', {}), 'todo'],
  ['no event', clientCall('todo', null), 'todo'],
  ['a method that is more than a line', methodCall('todo', 'a\n12:00:00 b'), 'todo.a?12:00:00 b'],
  [
    'a timer of a function',
    { name: 'hello', payload: { type: 'timing', param: {} }, source: 'timing' },
    'hello',
  ],
  [
    'a timer of an object',
    { name: 'todo', payload: { type: 'timing', param: {} }, source: 'timing' },
    'todo._timing',
  ],
])('the target of %s', async (_name, invocation, target) => {
  space = await openSpace()
  await space.invoke(invocation)
  expect(space.logs.list().find(({ channel }) => channel === 'call')?.call?.target).toBe(target)
})

test('an answer with an errCode of its own is not called ok', async () => {
  using project = new ProjectFolder({
    'o/index.obj.js': `module.exports = {
      thrown() { throw { errCode: 'o-thrown', errMsg: 'no' } },
      returned() { return { errCode: 5, data: { errCode: 0 } } },
      zero() { return { errCode: 0, errMsg: '' } },
      nested() { return { data: [{ errCode: 'x' }] } },
    }`,
  })
  space = await openSpace({ project: project.root })
  const lines = async (method: string) => {
    await space.invoke(methodCall('o', method))
    return space.logs.list().at(-1)
  }
  expect(await lines('thrown')).toMatchObject({ level: 'info', call: { ok: true, errCode: 'o-thrown' } })
  expect((await lines('returned'))?.text).toMatch(/^o\.returned errCode 5 \(/)
  for (const method of ['zero', 'nested']) expect((await lines(method))?.text).toMatch(/^o\.\w+ ok \(/)
})

test('own members of an error stand in braces, whichever frames were left out', async () => {
  using project = new ProjectFolder({
    'f/index.js': `exports.main = () => {
      throw Object.assign(new Error('no'), { code: 'E', cause: new Error('why') })
    }`,
  })
  space = await openSpace({ project: project.root })
  await space.invoke(clientCall('f'))
  const stack = space.logs.list().find(({ channel }) => channel === 'system')?.text ?? ''
  expect(stack).toContain('index.js:2:')
  expect(stack).not.toContain('node:')
  expect(stack.split('{').length).toBe(stack.split('}').length)
})
