import { fail } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import type { Context } from './context.ts'

/** `ping` */
export function ping(): Doc {
  return { ok: 1 }
}

/** `endSessions` and `killSessions`: ends the sessions it names, with what they have open. */
export function endSessions(context: Context, command: Doc): Doc {
  const name = Object.keys(command)[0] ?? 'endSessions'
  const args = new Arguments(name, command)
  for (const entry of args.documents(name) ?? []) {
    const id = sessionId(entry.id)
    if (id === undefined) continue
    context.state.sessions.end(id)
    context.state.cursors.killWhere((cursor) => cursor.session === id)
  }
  return { ok: 1 }
}

/** `refreshSessions`: keeps the sessions it names from expiring. */
export function refreshSessions(context: Context, command: Doc): Doc {
  const args = new Arguments('refreshSessions', command)
  for (const entry of args.documents('refreshSessions') ?? []) {
    const id = sessionId(entry.id)
    if (id !== undefined) context.state.sessions.get(id)
  }
  return { ok: 1 }
}

/** The text by which the engine knows a session: the UUID's hexadecimal digits, or the id as it is. */
export function sessionId(id: unknown): string | undefined {
  if (typeof id === 'string') return id
  const buffer = (id as { buffer?: Uint8Array } | null | undefined)?.buffer
  return buffer && Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString('hex')
}

/** `commitTransaction` and `abortTransaction` outside a transaction. */
export function noTransaction(_context: Context, command: Doc): Doc {
  const name = Object.keys(command)[0]
  return fail(
    251,
    name === 'commitTransaction'
      ? 'commitTransaction must be run within a transaction'
      : 'abortTransaction must be run within a transaction',
    { errorLabels: ['TransientTransactionError'] },
  )
}
