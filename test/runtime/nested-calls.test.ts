import { afterEach, describe, expect, test } from 'vitest'
import { clientCall, failureOf, openSpace, resultOf, type TestSpace } from './open-space.ts'

let space: TestSpace
afterEach(() => space[Symbol.asyncDispose]())

interface Nest {
  depth: number
  source: string
  inner?: Nest
}

const nested = async (event: unknown) => resultOf(await space.invoke(clientCall('nested', event)))

/** How deep a nest went. */
function depthOf(nest: Nest | undefined): number {
  return nest === undefined ? 0 : 1 + depthOf(nest.inner)
}

describe('calls from function to function', () => {
  test('carry data and source, and answer system failures as rejections', async () => {
    space = await openSpace()
    const call = [
      { name: 'context', data: { a: 1, clientInfo: { kept: true }, uniIdToken: 't' } },
      { name: 'nope' },
      { name: 'throws', data: { kind: 'coded' } },
      { name: 'sleeper', data: { ms: 2000 }, timeout: 50 },
    ]
    const { results } = (await nested({ call })) as { results: Array<Record<string, never>> }
    expect(results[0]).toMatchObject({
      result: {
        event: { a: 1, clientInfo: { kept: true }, uniIdToken: 't' },
        context: { SOURCE: 'function', CLIENTIP: '127.0.0.1' },
      },
    })
    const { context } = (results[0] as unknown as { result: { context: object } }).result
    expect(context).not.toHaveProperty('uniIdToken')
    expect(results.slice(1)).toEqual([
      { errCode: 'FUNCTION_NOT_FOUND', errMsg: 'FUNCTION_NOT_FOUND: function [nope] does not exist' },
      { errCode: 'E_CODED', errMsg: 'coded message' },
      { errCode: 'FUNCTION_TIMEOUT', errMsg: 'Function [sleeper] timed out after 0.05 seconds' },
    ])
  })

  test('a function may call itself while it runs', async () => {
    space = await openSpace()
    expect(depthOf((await nested({ depth: 3 })) as Nest)).toBe(4)
  })

  test('as deep as there are instances, and no deeper', async () => {
    space = await openSpace({ maxInstances: 4 })
    expect(depthOf((await nested({ depth: 3 })) as Nest)).toBe(4)
    expect(failureOf(await space.invoke(clientCall('nested', { depth: 4 })))).toEqual([
      'FunctionResourceExhausted',
      'No instance available for [nested]',
    ])
    expect(space.logs.list().some(({ text }) => text.includes('it would wait for ever'))).toBe(true)
    expect(depthOf((await nested({ depth: 3 })) as Nest)).toBe(4)
  })

  test('nests that compete for instances end, each with an answer', async () => {
    space = await openSpace({ maxInstances: 4 })
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => space.invoke(clientCall('nested', { depth: 2 }))),
    )
    for (const outcome of outcomes) {
      if (outcome.ok) expect(depthOf(resultOf(outcome) as Nest)).toBe(3)
      else expect(failureOf(outcome)[0]).toBe('FunctionResourceExhausted')
    }
    expect(outcomes.some((outcome) => outcome.ok)).toBe(true)
  })

  test('a circle over two functions cannot lock up', async () => {
    space = await openSpace({ maxInstances: 2 })
    const outcomes = await Promise.all(
      ['ping', 'pong', 'ping', 'pong'].map((name) => space.invoke(clientCall(name, { rounds: 4 }))),
    )
    for (const outcome of outcomes) {
      if (!outcome.ok) expect(failureOf(outcome)[0]).toBe('FunctionResourceExhausted')
    }
    expect(resultOf(await space.invoke(clientCall('ping', { rounds: 2 })))).toBe('end')
  })

  test('calls from outside wait for a full pool where nested ones would lock up', async () => {
    space = await openSpace({ maxInstances: 2 })
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => space.invoke(clientCall('nested', { depth: 1 }))),
    )
    expect(outcomes.filter((outcome) => outcome.ok).length).toBeGreaterThan(0)
    expect(depthOf((await nested({ depth: 1 })) as Nest)).toBe(2)
  })
})
