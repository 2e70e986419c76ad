/** What functions do to their own instance, and that nobody else notices. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientCall, failureOf, openSpace, resultOf, type TestSpace } from './open-space.ts'

let space: TestSpace
beforeAll(async () => {
  space = await openSpace()
})
afterAll(() => space[Symbol.asyncDispose]())

const logged = (text: string) => space.logs.list().filter((entry) => entry.text.includes(text))

/** Waits for a line of the log: what is left behind by a call shows up after its answer. */
async function untilLogged(text: string): Promise<ReturnType<typeof logged>> {
  for (let round = 0; round < 200 && logged(text).length === 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return logged(text)
}

describe('ending the instance', () => {
  const ways: Array<[how: string, line: string]> = [
    ['exit', 'ended unexpectedly: it ended itself with code 3'],
    ['throw', 'uncaught: Error: out of a timer'],
    ['emit', "uncaught: thrown: 'just text'"],
    ['kill', 'it sent itself SIGKILL'],
    ['kill group', 'it sent itself SIGTERM'],
  ]
  test.each(ways)('%s: its own caller is told, the next call gets a fresh one', async (how, line) => {
    const outcome = await space.invoke(clientCall('exits', { how }))
    expect(failureOf(outcome)).toEqual(['FunctionServerError', 'Function [exits] exited unexpectedly'])
    expect(await untilLogged(line)).not.toHaveLength(0)
    expect(resultOf(await space.invoke(clientCall('exits')))).toBe('alive')
  })

  test('after the answer: the answer stands', async () => {
    expect(resultOf(await space.invoke(clientCall('leaves', { what: 'exit' })))).toBe('answered')
    expect(await untilLogged('[leaves] ended unexpectedly')).not.toHaveLength(0)
    expect(resultOf(await space.invoke(clientCall('leaves')))).toBe('answered')
  })
})

describe('leaving work behind', () => {
  test('a rejection nobody handles is in the log with its request, and ends nothing', async () => {
    const outcome = await space.invoke(clientCall('leaves', { what: 'rejection' }))
    expect(resultOf(outcome)).toBe('answered')
    const [line] = await untilLogged('a promise was rejected and nobody handled it: Error: rejected too late')
    expect(line).toMatchObject({ level: 'error', functionName: 'leaves', requestId: outcome.requestId })
    expect(space.instances().find(({ name }) => name === 'leaves')).toMatchObject({ idle: 1 })
  })

  test('a throw out of a timer ends the idle instance, and is in the log', async () => {
    expect(resultOf(await space.invoke(clientCall('leaves', { what: 'throw' })))).toBe('answered')
    expect((await untilLogged('uncaught: Error: thrown too late'))[0]?.text).toMatch(/leaves\/index\.js:3/)
    // A call that comes while the instance is ending would share its fate.
    await expect.poll(() => space.instances().find(({ name }) => name === 'leaves')?.idle ?? 0).toBe(0)
    expect(resultOf(await space.invoke(clientCall('leaves')))).toBe('answered')
  })

  test('lines printed later belong to the request they come from', async () => {
    const { requestId } = await space.invoke(clientCall('leaves', { what: 'print' }))
    await space.invoke(clientCall('leaves'))
    expect((await untilLogged('printed after the return'))[0]).toMatchObject({ requestId })
  })

  test('a timer that goes on is worth a warning where the provider would freeze it', async () => {
    expect(resultOf(await space.invoke(clientCall('leaves', { what: 'timer' })))).toBe('answered')
    expect((await untilLogged('[leaves] a timer goes on after the return'))[0]).toMatchObject({
      level: 'warn',
    })
  })
})

describe('reaching for the channel', () => {
  test('the port of the thread is not the one we talk over', async () => {
    for (const what of ['post', 'close', 'post']) {
      expect(resultOf(await space.invoke(clientCall('ports', { what })))).toEqual([])
    }
  })

  test('what cannot be sent rejects in the function that sends it', async () => {
    const outcome = await space.invoke(clientCall('ports', { what: 'function' }))
    expect(resultOf(outcome)).toMatchObject({ result: { hello: 'world' } })
  })
})

test('after all that, the space serves as ever', async () => {
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => space.invoke(clientCall('hello'))))
  expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
})
