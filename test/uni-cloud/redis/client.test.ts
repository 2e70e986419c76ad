/** The client of `uniCloud.redis()`: when it exists, when it connects, when it ends (spec/redis.md §1, §4, §6, §8). */
import { describe, expect, it } from 'vitest'
import { AdjustableClock } from '../../../clock/adjustable-clock.ts'
import { redisFactory } from '../../../runtime/guest/uni-cloud/redis/redis.ts'
import { MemoryRedis } from '../../../runtime/host/redis/memory-redis.ts'
import { RedisService } from '../../../runtime/host/redis/redis-service.ts'
import { type FakeOptions, fakeRuntime } from '../fake-runtime.ts'
import { type GuestCode, guestCode } from '../guest-code.ts'

const extensions = ['uni-cloud-redis']

/** The queue of a client: each method gives it back. */
type Queue = Record<'set' | 'keys', (...args: unknown[]) => Queue> & { exec(): Promise<unknown> }
const queueOf = (client: Client) => client.multi?.() as unknown as Queue

type Client = Record<string, (...args: unknown[]) => Promise<unknown>> & { connected: boolean }

function setUp(options: FakeOptions = {}) {
  const clock = new AdjustableClock({ offsetMs: 0, frozenAt: 1_900_000_000_000 })
  const service = new RedisService(clock)
  const requests: string[] = []
  const counting = {
    handle(method: string, args: unknown[]) {
      requests.push(method)
      return service.handle(method, args)
    },
  }
  const runtime = fakeRuntime({ extensions, clock, services: { redis: counting }, ...options })
  const redis = redisFactory(runtime) as unknown as () => Client
  const another = redisFactory(
    fakeRuntime({ extensions, clock, services: { redis: service } }),
  ) as unknown as () => Client
  return { redis, another, runtime, clock, requests }
}

describe('uniCloud.redis', () => {
  it.each([
    [{ extensions: [] }, /"extensions": \{ "uni-cloud-redis": \{\} \}/],
    [{ extensions: ['uni-cloud-jql'] }, /without its extension/],
    [{ space: { redis: { kind: 'none' as const } } }, /switched off/],
  ])('throws at once: %j', (options, message) => {
    const { redis } = setUp(options)
    expect(redis).toThrow(
      expect.objectContaining({ errCode: 'REDIS_NOT_ENABLED', code: 'REDIS_NOT_ENABLED' }),
    )
    expect(redis).toThrow(message)
  })

  it('makes no connection before the first command, and is the same client until it is closed', async () => {
    const { redis, requests } = setUp()
    const client = redis()
    expect(redis()).toBe(client)
    expect(requests).toEqual([])
    await client.set?.('a', 1)
    expect(await client.quit?.()).toBe('OK')
    expect(await client.quit?.()).toBe('OK')
    expect(redis()).not.toBe(client)
    expect(await redis().get?.('a')).toBe('1')
    await expect(client.get?.('a')).rejects.toMatchObject({
      name: 'AbortError',
      code: 'NR_CLOSED',
      message: "GET can't be processed. The connection is already closed.",
    })
  })

  it('quit waits for what is under way', async () => {
    const { redis } = setUp()
    const client = redis()
    const order: string[] = []
    const set = client.set?.('a', 1).then(() => order.push('set'))
    await client.quit?.().then(() => order.push('quit'))
    await set
    expect(order).toEqual(['set', 'quit'])
  })

  it('is no promise, and neither is a queue', async () => {
    const { redis } = setUp()
    const client = redis()
    expect(await Promise.resolve(client)).toBe(client)
    const queue = client.multi?.()
    expect(await queue).toBe(queue)
  })

  it('errors carry code, command and arguments', async () => {
    const { redis } = setUp()
    await redis().lpush?.('l', 1)
    await expect(redis().get?.('l')).rejects.toMatchObject({
      name: 'ReplyError',
      code: 'WRONGTYPE',
      command: 'GET',
      args: ['l'],
    })
  })

  it('exec on the client finishes the open queue, with a warning', async () => {
    const { redis, runtime } = setUp()
    const client = redis()
    await client.multi?.()
    await client.set?.('a', 1)
    expect(await client.exec?.()).toEqual([])
    expect(await client.get?.('a')).toBe('1')
    await client.multi?.()
    expect(await client.discard?.()).toBe('OK')
    await expect(client.exec?.()).rejects.toThrow('ERR EXEC without MULTI')
    expect(runtime.lines).toEqual([expect.stringContaining('not part of a transaction')])
  })

  it('has no keys on alipay', async () => {
    const { redis } = setUp({ space: { provider: 'alipay' } })
    expect(redis().keys).toBeUndefined()
    expect(queueOf(redis()).keys).toBeUndefined()
    expect(await redis().scan?.(0)).toEqual(['0', []])
  })

  it('names what the store does not have', async () => {
    const { redis } = setUp()
    await expect(redis().geoadd?.('g', 1, 2, 'm')).rejects.toThrow(
      /^ERR unknown command 'geoadd', with args beginning with: 'g' '1' '2' 'm' .*--redis redis:\/\//,
    )
  })
})

describe('one store for the space', () => {
  it('is shared by clients; keys expire by the clock', async () => {
    const { redis, another, clock } = setUp()
    await redis().set?.('a', 1, 'EX', 10)
    expect(await another().get?.('a')).toBe('1')
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 9_999 })
    expect([await another().get?.('a'), await another().pttl?.('a'), await another().ttl?.('a')]).toEqual([
      '1',
      1,
      0,
    ])
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 1 })
    expect([await another().exists?.('a'), await another().keys?.('*'), await another().dbsize?.()]).toEqual([
      0,
      [],
      0,
    ])
  })

  it('a blocking pop wakes for another client, and gives up by the clock', async () => {
    const { redis, another, clock } = setUp()
    const popped = redis().blpop?.('q', 'r', 0)
    await another().rpush?.('r', 'job')
    expect(await popped).toEqual(['r', 'job'])
    const moved = redis().brpoplpush?.('q', 'done', 5)
    await another().lpush?.('q', 'x')
    expect(await moved).toBe('x')
    const waiting = redis().brpop?.('q', 5)
    await another().get?.('x')
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 5_000 })
    expect(await waiting).toBeNull()
  })

  it('a waiting instance that is gone takes nothing', async () => {
    const { redis, another, runtime } = setUp()
    const abandoned = redis().blpop?.('q', 0)
    await runtime.drain()
    await another().rpush?.('q', 'job')
    expect(await another().lpop?.('q')).toBe('job')
    await expect(abandoned).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('other calls of the client go on while one waits', async () => {
    const { redis, another } = setUp()
    const popped = redis().blpop?.('q', 0)
    expect(await redis().set?.('a', 1)).toBe('OK')
    await another().rpush?.('q', 'job')
    expect(await popped).toEqual(['q', 'job'])
  })

  it('a watched key changed by another client stops the transaction', async () => {
    const { redis, another } = setUp()
    await redis().watch?.('a', 'b')
    await another().set?.('b', 1)
    expect(await queueOf(redis()).set('c', 1).exec()).toBeNull()
    expect(await redis().exists?.('c')).toBe(0)
  })

  it('a script that never ends is ended', async () => {
    const clock = new AdjustableClock()
    const service = new RedisService(clock, new MemoryRedis(clock, 20))
    const { redis } = setUp({ services: { redis: service } })
    await expect(redis().eval?.('while true do end', 0)).rejects.toThrow(/more than 0.02 seconds/)
    await expect(redis().eval?.('while pcall(error) == false do end', 0)).rejects.toThrow(/was ended/)
  })
})

describe('between functions of a space', () => {
  const withGuest = async (test: (guest: GuestCode) => Promise<void>, redis = 'memory') => {
    await using guest = await guestCode({ redis })
    await test(guest)
  }

  it('the store outlives the instance and is seen by all', () =>
    withGuest(async ({ run }) => {
      expect(await run(`return uniCloud.redis().set('a', Buffer.from('中'))`)).toBe('OK')
      expect(await run(`return uniCloud.redis().get('a')`)).toBe('中')
      expect(await run(`return uniCloud.redis().hgetall('none')`)).toBeNull()
      const queue = `return uniCloud.redis().multi().incr('n').lpush('a', 1).exec().then((all) => all.map(String))`
      expect(await run(queue)).toEqual(['1', expect.stringMatching(/^ReplyError: WRONGTYPE/)])
    }))

  it('probing without the extension, or without redis', async () => {
    const probe = `try { uniCloud.redis() } catch (e) { return e.errCode }`
    await withGuest(async ({ run }) => expect(await run(probe, {}, 'plain')).toBe('REDIS_NOT_ENABLED'))
    await withGuest(async ({ run }) => expect(await run(probe)).toBe('REDIS_NOT_ENABLED'), 'none')
  })

  it('an address where nobody listens fails with its name', () =>
    withGuest(async ({ failure }) => {
      expect(await failure(`await uniCloud.redis().get('a')`)).toMatchObject({
        message: expect.stringMatching(/127\.0\.0\.1:1|ECONNREFUSED/),
      })
    }, 'redis://127.0.0.1:1'))
})
