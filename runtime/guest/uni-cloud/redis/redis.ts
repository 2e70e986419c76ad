/** `uniCloud.redis` (spec/redis.md §1). */
import type { GuestRuntime } from '../../guest-context.ts'
import { RedisClient } from './client.ts'
import { MemoryLink } from './memory-link.ts'
import { RedisNotEnabledError } from './reply-error.ts'
import { ServerLink } from './server-link.ts'

const extension = 'uni-cloud-redis'

/**
 * Always a function; the same client until it is closed. Makes no connection.
 * @throws RedisNotEnabledError at once: official modules probe with `try { uniCloud.redis() } catch {}`
 */
export function redisFactory(runtime: GuestRuntime): () => RedisClient {
  let client: RedisClient | undefined
  return () => {
    checkEnabled(runtime)
    if (client?.connected) return client
    const current = new RedisClient(runtime, () => {
      const { redis } = runtime.space
      runtime.onDrain(() => current.end())
      return redis.kind === 'url' && redis.url ? new ServerLink(runtime, redis.url) : new MemoryLink(runtime)
    })
    client = current
    return current
  }
}

// internals

function checkEnabled({ entry, space }: GuestRuntime): void {
  if (!entry.extensions.includes(extension)) {
    throw new RedisNotEnabledError(
      `[${entry.name}] uses uniCloud.redis() without its extension: ` +
        `add "extensions": { "${extension}": {} } to its package.json`,
    )
  }
  if (space.redis.kind === 'none') {
    throw new RedisNotEnabledError(
      `[${entry.name}] uses uniCloud.redis(), but redis is switched off for this space: ` +
        'set "redis" to "memory" or a redis:// URL in unicloud-local.config.ts, or pass --redis',
    )
  }
}
