/** The space's own store beside a real server: random calls, the same answers (spec/redis.md §2, §3). */
import { describe, expect, it } from 'vitest'
import { AdjustableClock } from '../../../clock/adjustable-clock.ts'
import { redisFactory } from '../../../runtime/guest/uni-cloud/redis/redis.ts'
import { RedisService } from '../../../runtime/host/redis/redis-service.ts'
import { fakeRuntime } from '../fake-runtime.ts'
import { type RandomCall, RandomCommands } from './random-commands.ts'
import { startRedis } from './redis-server.ts'

const extensions = ['uni-cloud-redis']
const rounds = 100
const callsPerRound = 60

describe('random commands', () => {
  it.each([1, 2, 3])('seed %d', async (seed) => {
    await using server = await startRedis()
    const real = fakeRuntime({ extensions, space: { redis: { kind: 'url', url: server.url } } })
    const clock = new AdjustableClock()
    const own = fakeRuntime({ extensions, clock, services: { redis: new RedisService(clock) } })
    const commands = new RandomCommands(seed)
    for (let round = 0; round < rounds; round++) {
      const history: string[] = []
      await Promise.all([answer(real, ['flushall']), answer(own, ['flushall'])])
      for (let count = 0; count < callsPerRound; count++) {
        const call = commands.next()
        history.push(call.join(' '))
        const [expected, given] = await Promise.all([answer(real, call), answer(own, call)])
        expect(given, history.join('\n')).toEqual(expected)
      }
    }
    await real.drain()
  })
})

const clients = new WeakMap<object, ReturnType<typeof redisFactory>>()

async function answer(
  runtime: ReturnType<typeof fakeRuntime>,
  [name, ...args]: RandomCall,
): Promise<unknown> {
  const open = clients.get(runtime) ?? redisFactory(runtime)
  clients.set(runtime, open)
  const method = open()[name] as (...args: string[]) => Promise<unknown>
  return method(...args).catch((error: Error) => error.message)
}
