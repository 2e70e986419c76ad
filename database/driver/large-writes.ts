import { sizeOf } from '../engine/store/size.ts'
import type { Doc } from '../engine/values/types.ts'

/**
 * Writes too big for one message are sent as several, as the driver's own helpers do: their statements keep their
 * order, their replies become one.
 */

/** The parts of a write command; one when it fits into a message. */
export function partsOf(name: string, command: Doc): Doc[] {
  const list = LISTS.get(name)
  const statements = list === undefined ? undefined : command[list]
  if (list === undefined || !Array.isArray(statements) || statements.length < 2) return [command]
  const parts: unknown[][] = [[]]
  let bytes = 0
  for (const statement of statements) {
    const size = typeof statement === 'object' && statement !== null ? sizeOf(statement) : 0
    if (bytes > 0 && bytes + size > MAX_BYTES) {
      parts.push([])
      bytes = 0
    }
    bytes += size
    parts.at(-1)!.push(statement)
  }
  return parts.length === 1 ? [command] : parts.map((part) => ({ ...command, [list]: part }))
}

/** Runs the parts one after the other; an ordered write ends with the first failure. */
export async function runParts(
  name: string,
  parts: readonly Doc[],
  run: (part: Doc) => Promise<Doc>,
): Promise<Doc> {
  const list = LISTS.get(name)!
  const total: Total = { n: 0, nModified: undefined, upserted: [], writeErrors: [] }
  let before = 0
  let last: Doc = {}
  for (const part of parts) {
    last = await run(part)
    add(total, last, before)
    before += (part[list] as unknown[]).length
    if (total.writeErrors.length > 0 && part.ordered !== false) break
  }
  const { n, nModified, upserted, writeErrors } = total
  return {
    ...last,
    n,
    ...(nModified === undefined ? {} : { nModified }),
    ...(upserted.length > 0 ? { upserted } : {}),
    ...(writeErrors.length > 0 ? { writeErrors } : {}),
  }
}

// internals

/** The server takes 16 MiB in a document and 48 MB in a message; `bson` writes 17 MB at a time. */
const MAX_BYTES = 15 * 1024 * 1024

const LISTS: ReadonlyMap<string, string> = new Map([
  ['insert', 'documents'],
  ['update', 'updates'],
  ['delete', 'deletes'],
])

interface Total {
  n: number
  nModified: number | undefined
  upserted: Doc[]
  writeErrors: Doc[]
}

function add(total: Total, reply: Doc, before: number): void {
  const moved = (entries: unknown) =>
    ((entries as Doc[] | undefined) ?? []).map((entry) => ({ ...entry, index: Number(entry.index) + before }))
  total.n += Number(reply.n ?? 0)
  if (reply.nModified !== undefined) total.nModified = (total.nModified ?? 0) + Number(reply.nModified)
  total.upserted.push(...moved(reply.upserted))
  total.writeErrors.push(...moved(reply.writeErrors))
}
