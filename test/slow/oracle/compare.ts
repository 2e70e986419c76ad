/** Asks two carriers the same and says where they answer differently. */
import { EJSON } from 'bson'
import { DatabaseError, type DocumentDatabase } from '../../../database/command.ts'
import type { Doc } from '../../../database/engine/values/types.ts'
import type { OracleCase } from './random-case.ts'

export interface Answer {
  /** The code of the failure, be it of the command or of its only statement. */
  readonly code?: number
  readonly message?: string
  /** Canonical Extended JSON, field order included. */
  readonly results?: readonly string[]
  readonly counts?: string
  /** What a command gives beside documents. */
  readonly value?: string
}

/** @param database a name the case may use, and drop */
export async function answerOf(
  carrier: DocumentDatabase,
  database: string,
  item: OracleCase,
): Promise<Answer> {
  await carrier.command(database, { delete: 'self', deletes: [{ q: {}, limit: 0 }] })
  await carrier.command(database, { insert: 'self', documents: item.docs })
  try {
    const reply = await carrier.command(database, item.command)
    const [failure] = (reply.writeErrors ?? []) as { code: number; errmsg: string }[]
    if (failure) return { code: failure.code, message: failure.errmsg }
    if (reply.cursor) {
      const results = shown((reply.cursor as { firstBatch: Doc[] }).firstBatch)
      // Servers before 4.4 sort the results of stages by rules of their own; plain finds are compared in their order.
      return { results: item.kind === 'pipeline' ? results.sort() : results }
    }
    const after = await carrier.command(database, { find: 'self', sort: { _id: 1 } })
    return {
      results: shown((after.cursor as { firstBatch: Doc[] }).firstBatch),
      counts: `n ${Number(reply.n)}, modified ${Number(reply.nModified)}`,
      value: shown([
        {
          value: reply.value,
          values: (reply.values as unknown[] | undefined)?.map((v) => shown([{ v }])[0]).sort(),
        },
      ])[0]!,
    }
  } catch (error) {
    if (error instanceof DatabaseError) return { code: error.code, message: error.message }
    throw error
  }
}

/** A failure is the same whatever its code: codes have changed from version to version. */
export function agree(one: Answer, other: Answer): boolean {
  if (one.code !== undefined || other.code !== undefined)
    return one.code !== undefined && other.code !== undefined
  if (one.counts !== other.counts || one.value !== other.value) return false
  return JSON.stringify(one.results) === JSON.stringify(other.results)
}

export function show(item: OracleCase, ours: Answer, theirs: Answer): string {
  const lines = [
    `documents ${EJSON.stringify(item.docs, { relaxed: false })}`,
    `command ${EJSON.stringify(item.command, { relaxed: false })}`,
  ]
  return [...lines, `ours   ${line(ours)}`, `theirs ${line(theirs)}`].join('\n')
}

// internals

/** Identifiers made by the server are left out; integers are the same of whatever kind (spec/embedded-database.md §5). */
function shown(docs: readonly Doc[]): string[] {
  return docs.map((doc) =>
    EJSON.stringify(doc, { relaxed: false })
      .replace(/("_id":\{"\$oid":")(?!5f0)[0-9a-f]{24}/, '$1new')
      .replace(/\{"\$number(?:Int|Long|Double)":"(-?\d+)(?:\.0)?"\}/g, (_, digits: string) =>
        String(Number(digits) + 0),
      ),
  )
}

function line({ code, message, results, counts, value }: Answer): string {
  return code !== undefined
    ? `fails with ${code}: ${message}`
    : `${counts ?? ''} ${value ?? ''} ${results?.join('\n         ')}`
}
