/** Between replies of redis and values of Lua (spec/redis.md §5). */
import { CommandError, type Reply, Status } from '../reply.ts'
import { LuaTable, type LuaValue } from './value.ts'

/** Nil is `false`, a status is a table with `ok`. */
export function fromReply(reply: Reply): LuaValue {
  if (reply === null) return false
  if (typeof reply === 'string' || typeof reply === 'number') return reply
  if (reply instanceof Status) return single('ok', reply.text)
  if (reply instanceof CommandError) return single('err', reply.message)
  return new LuaTable(reply.map(fromReply))
}

/** Numbers lose their decimals, `true` is 1, `false` and nil are null, a table ends at its first nil. */
export function toReply(value: LuaValue): Reply {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) + 0 : 0
  if (value === true) return 1
  if (!(value instanceof LuaTable)) return null
  const error = value.get('err')
  if (typeof error === 'string') return new CommandError(error)
  const status = value.get('ok')
  if (typeof status === 'string') return new Status(status)
  const items: Reply[] = []
  for (let at = 1, item = value.get(1); item !== undefined; item = value.get(++at)) items.push(toReply(item))
  return items
}

// internals

function single(name: string, text: string): LuaTable {
  const table = new LuaTable()
  table.set(name, text)
  return table
}
