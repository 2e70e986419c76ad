/** The methods of clients and queues: one per command, and what none of them may send. */
import type { ProviderName } from '../../../project/manifest.ts'
import { administrationCommands, dataCommands, subscriptionCommands } from './commands.ts'
import type { RedisCommand } from './link.ts'
import { ReplyError } from './reply-error.ts'

/** Adds a method per command. `keys` does not exist on alipay (spec/redis.md §3). */
export function addCommands(target: object, provider: ProviderName, make: (name: string) => unknown): void {
  for (const name of [...dataCommands, ...administrationCommands, ...subscriptionCommands]) {
    if (name === 'keys' && provider === 'alipay') continue
    // Like members of a class: not listed when the client is printed.
    Object.defineProperty(target, name, { value: make(name), writable: true, configurable: true })
  }
  // Printed so in the documentation.
  Object.defineProperty(target, 'randonkey', { value: make('randomkey'), writable: true, configurable: true })
}

/** @throws ReplyError for commands no function may send (spec/redis.md §3, §6) */
export function refuseForbidden({ name, args }: RedisCommand): void {
  if (administrationCommands.has(name)) {
    const shown = args.map((argument) => `'${String(argument)}' `).join('')
    throw new ReplyError(`ERR unknown command '${name}', with args beginning with: ${shown}`, name, args)
  }
  if (!subscriptionCommands.has(name)) return
  throw new ReplyError(
    `ERR ${name} is not available: it would block every later command of this connection; ` +
      'uniCloud has no subscriptions',
    name,
    args,
  )
}
