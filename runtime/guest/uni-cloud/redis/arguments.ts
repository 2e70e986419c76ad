/** Arguments of a command, as node-redis v3 takes them (spec/redis.md §2). */

/** What travels to the server. */
export type RedisArgument = string | Uint8Array

/**
 * Lists are flattened where v3 flattens them: as the only argument, or after the key. `hmset` also takes an object.
 * @throws Error for what redis has no form for: null, undefined, objects
 */
export function redisArguments(command: string, given: readonly unknown[]): RedisArgument[] {
  return flattened(command, given).map((argument) => redisArgument(command, argument))
}

// internals

function flattened(command: string, given: readonly unknown[]): readonly unknown[] {
  const [first, second] = given
  if (command === 'hmset' && given.length === 2 && isPlainObject(second)) {
    return [first, ...Object.entries(second).flat()]
  }
  if (Array.isArray(first)) return [...first, ...given.slice(1)]
  if (Array.isArray(second)) return [first, ...second, ...given.slice(2)]
  return given
}

function redisArgument(command: string, argument: unknown): RedisArgument {
  if (typeof argument === 'string') return argument
  if (ArrayBuffer.isView(argument)) {
    return new Uint8Array(argument.buffer, argument.byteOffset, argument.byteLength)
  }
  if (argument instanceof Date) return argument.toString()
  if (argument === undefined || argument === null || typeof argument === 'object') {
    throw invalidArgument(command, argument)
  }
  return String(argument)
}

function invalidArgument(command: string, argument: unknown): Error {
  const name = command.toUpperCase()
  const type =
    argument === undefined || argument === null ? String(argument) : (argument.constructor?.name ?? 'object')
  return Object.assign(
    new Error(
      `node_redis: The ${name} command contains a invalid argument type of "${type}". ` +
        'Only strings, numbers, dates and buffers can be sent; use JSON.stringify for objects.',
    ),
    { command: name },
  )
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !ArrayBuffer.isView(value) && !(value instanceof Date)
}
