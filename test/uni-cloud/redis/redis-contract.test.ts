/** Every redis behind `uniCloud.redis()` answers the same table: the space's own store, and a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RedisClient } from '../../../runtime/guest/uni-cloud/redis/client.ts'
import { redisFactory } from '../../../runtime/guest/uni-cloud/redis/redis.ts'
import { RedisService } from '../../../runtime/host/redis/redis-service.ts'
import { type FakeRuntime, fakeRuntime } from '../fake-runtime.ts'
import { Close, Fails, type RedisCase, redisCases, Sorted } from './cases.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { scriptCases } from './script-cases.ts'

const extensions = ['uni-cloud-redis']

describe('the store of the space', () => {
  let runtime: FakeRuntime
  beforeEach(() => {
    runtime = fakeRuntime({ extensions })
    const service = new RedisService(runtime.clock)
    runtime = fakeRuntime({ extensions, clock: runtime.clock, services: { redis: service } })
  })
  contract(() => redisFactory(runtime)())
})

describe('a real server', () => {
  let server: RedisServer
  let runtime: FakeRuntime
  let client: RedisClient
  beforeAll(async () => {
    server = await startRedis()
    runtime = fakeRuntime({ extensions, space: { redis: { kind: 'url', url: server.url } } })
    client = redisFactory(runtime)()
  })
  afterAll(async () => {
    await runtime.drain()
    await server[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    await (client.flushall as () => Promise<unknown>)()
  })
  contract(() => client)
})

function contract(open: () => RedisClient): void {
  it.each([...redisCases, ...scriptCases].map((row) => [row.name, row] as const))('%s', async (_, row) => {
    await play(open(), row)
  })

  it('multi: replies in order, failures as items', async () => {
    const redis = open() as unknown as Client
    await redis.set('l', 'text')
    const queue = redis.multi()
    expect(queue.set('a', 1)).toBe(queue)
    const replies = await queue.incr('a').lpush('l', 1).get('a').hgetall('none').eval('return 5', 0).exec()
    expect(replies).toMatchObject(['OK', 2, expect.any(Error), '2', null, 5])
    expect((replies as unknown[])[2]).toMatchObject({ code: 'WRONGTYPE', command: 'LPUSH' })
  })

  it('multi: a refused command discards all', async () => {
    const redis = open() as unknown as Client
    const text = 'EXECABORT Transaction discarded because of previous errors.'
    await expect(redis.multi().set('a', 1).get().exec()).rejects.toMatchObject({
      message: text,
      code: 'EXECABORT',
    })
    await expect(redis.multi().set('a', 1).config('x').exec()).rejects.toThrow(text)
    expect(await redis.get('a')).toBeNull()
    expect(await redis.multi().exec()).toEqual([])
    expect(await redis.multi().set('a', 1).discard()).toBe('OK')
  })

  it('watch: a changed key makes exec answer null, once', async () => {
    const redis = open() as unknown as Client
    await redis.set('k', 1)
    await redis.watch('k')
    await redis.set('k', 2)
    expect(await redis.multi().set('k', 3).exec()).toBeNull()
    expect(await redis.multi().set('k', 3).exec()).toEqual(['OK'])
    await redis.watch('k')
    expect(await redis.multi().incr('k').exec()).toEqual([4])
  })

  it('scan walks over everything once', async () => {
    const redis = open() as unknown as Client
    const names = Array.from({ length: 500 }, (_, at) => `key:${at}`)
    await redis.mset(names.flatMap((name) => [name, 1]))
    const seen: string[] = []
    let cursor = '0'
    do {
      const [next, keys] = (await redis.scan(cursor, 'COUNT', 50)) as [string, string[]]
      seen.push(...keys)
      cursor = next
    } while (cursor !== '0')
    expect([...new Set(seen)].sort()).toEqual([...names].sort())
  })

  it('blocking pops get what comes later, and give up in time', async () => {
    const redis = open() as unknown as Client
    expect(await redis.blpop('queue', '0.05')).toBeNull()
    await expect(redis.blpop('queue', 'x')).rejects.toThrow('ERR timeout is not a float or out of range')
    await expect(redis.blpop('queue', -1)).rejects.toThrow('ERR timeout is negative')
  })

  it('dump and restore', async () => {
    const redis = open() as unknown as Client
    await redis.hset('h', 'f', 'v')
    expect(await redis.dump('h')).toEqual(expect.any(String))
  })
}

type Command = 'set' | 'get' | 'mset' | 'scan' | 'watch' | 'blpop' | 'dump' | 'hset' | 'incr' | 'lpush'
type QueueOnly = 'multi' | 'exec' | 'discard' | 'hgetall' | 'eval' | 'config'
/** Client and queue in one: what is called on either. */
type Client = Record<Command | QueueOnly, (...args: unknown[]) => Promise<unknown> & Client>

async function play(client: RedisClient, { steps }: RedisCase): Promise<void> {
  for (const [[command, ...args], expected] of steps) {
    const call = `${command} ${args.map(String).join(' ')}`
    const method = client[command as string] as (...args: unknown[]) => Promise<unknown>
    const reply = await method.apply(client, args).catch((error: Error) => error)
    check(reply, expected, call)
  }
}

function check(reply: unknown, expected: unknown, call: string): void {
  if (expected instanceof Fails) {
    expect(reply, call).toBeInstanceOf(Error)
    const { message } = reply as Error
    if (typeof expected.message === 'string') expect(message, call).toBe(expected.message)
    else expect(message, call).toMatch(expected.message)
    return
  }
  if (expected instanceof Sorted)
    expect([...(reply as string[])].sort(), call).toEqual([...expected.items].sort())
  else if (expected instanceof Close) expect(Number(reply), call).toBeCloseTo(expected.value, 6)
  else if (expected instanceof RegExp) expect(reply, call).toMatch(expected)
  else expect(reply, call).toEqual(expected)
}
