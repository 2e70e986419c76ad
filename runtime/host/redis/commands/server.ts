/** Commands that concern no key, or all of them (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, type CommandTable, command } from '../command.ts'
import { errors, ok, Status } from '../reply.ts'

export const serverCommands: CommandTable = {
  ping: command(0, (_, [text]) => text ?? new Status('PONG'), 1),
  echo: command(1, (_, [text]) => text as Bytes),
  time: command(0, (keys) => {
    const now = keys.now()
    return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)]
  }),
  dbsize: command(0, (keys) => keys.size),
  flushdb: command(
    0,
    (keys, args) => {
      checkFlush(args)
      keys.clear()
      return ok
    },
    1,
  ),
  flushall: command(
    0,
    (keys, args) => {
      checkFlush(args)
      keys.clear()
      return ok
    },
    1,
  ),
  // Nobody can subscribe (spec/redis.md §6).
  publish: command(2, () => 0),
  select: command(1, (_, [index]) => {
    if (index !== '0') throw errors.of('DB index is out of range')
    return ok
  }),
  wait: command(2, () => 0),
  info: command(0, () => '# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\n', any),
}

// internals

function checkFlush([mode]: readonly Bytes[]): void {
  if (mode !== undefined && !/^a?sync$/i.test(mode)) throw errors.syntax()
}
