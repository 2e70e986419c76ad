import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '../../runtime/package-info.ts'
import { createSpace, TestCallError, type TestSpace } from '../../test-kit/index.ts'

/** The example of the README, tested as its users are told to test. */
let space: TestSpace

beforeAll(async () => {
  space = await createSpace({
    project: path.join(packageRoot, 'examples', 'todo'),
    now: '2026-01-01T00:00:00+08:00',
  })
})
afterAll(() => space.close())

interface Todo {
  add(todo: { title: string }): Promise<{ id: string; title: string }>
  list(): Promise<{ total: number; data: { _id: string; title: string; done: boolean; created: number }[] }>
  done(todo: { id: string }): Promise<object>
}

describe('calls', () => {
  test('a cloud function', async () => {
    expect(await space.callFunction('greet', { name: 'Ada' })).toEqual({ hello: 'Ada', from: 'server' })
  })

  test('as a client', async () => {
    const client = space.as({ clientInfo: { uniPlatform: 'web' } })
    expect(await client.callFunction('greet')).toEqual({ hello: 'uniCloud', from: 'client' })
  })

  test('by URL', async () => {
    const response = await space.request('/greet?name=Ada')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual({ hello: 'Ada', from: 'http' })
  })

  test('methods of an object, on the seeded database, at the time of the clock', async () => {
    const todo = space.importObject<Todo>('todo')
    const added = await todo.add({ title: '  buy \n milk ' })
    expect(added).toMatchObject({ title: 'buy milk' })
    const { data } = await todo.list()
    expect(data.map(({ title }) => title)).toEqual(['Read the README', 'buy milk'])
    expect(data[1]?.created).toBe(new Date('2026-01-01T00:00:00+08:00').getTime())
  })

  test('the configuration of the project counts: 60 characters', async () => {
    const added = await space.importObject<Todo>('todo').add({ title: 'x'.repeat(100) })
    expect(added.title).toHaveLength(60)
  })

  test('a result with errCode rejects with the whole result', async () => {
    const error = await space
      .importObject<Todo>('todo')
      .add({ title: ' ' })
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TestCallError)
    expect(error).toMatchObject({
      errCode: 'todo-empty-title',
      errMsg: 'A to-do needs a title',
      detail: { errCode: 'todo-empty-title' },
    })
  })

  test('a missing function rejects', async () => {
    await expect(space.callFunction('nobody')).rejects.toMatchObject({ errCode: 'FUNCTION_NOT_FOUND' })
  })
})

describe('time', () => {
  test('timers fire on the way, at their own instants', async () => {
    await space.seed({ todo: [{ _id: 'old', title: 'old', done: true, finished: 0 }] })
    const db = await space.db()
    const old = db.collection('todo').where({ _id: 'old' })
    await space.clock.advance({ hours: 2, minutes: 59 })
    expect(await old.count()).toMatchObject({ total: 1 })
    await space.clock.advance({ minutes: 1 })
    expect(await old.count()).toMatchObject({ total: 0 })
    expect(space.logs('todo').some((entry) => entry.text === 'removed 1 finished to-dos')).toBe(true)
    expect(space.clock.now()).toEqual(new Date('2026-01-01T03:00:00+08:00'))
  })

  test('a timer can be fired by hand', async () => {
    expect(await space.fireTimer('todo')).toMatchObject({ ok: true })
  })
})
