import { compileFilter } from '../match/index.ts'
import { candidateDocuments } from '../planner/candidates.ts'
import { eachDocument } from '../planner/streams.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { matchEnv, type PreparedQuery, prepare, readQuery } from './query.ts'

/** `count` */
export async function count(context: Context, command: Doc): Promise<Doc> {
  const args = new Arguments('count', command)
  const name = args.collection(context.database)
  const query = readQuery(args, 'query')
  const skip = args.count('skip') ?? 0
  const limit = Math.abs(args.integer('limit') ?? 0) || Number.POSITIVE_INFINITY
  args.end('fields')
  const view = viewOf(context, name)
  if (!view) {
    compileFilter(query.filter, matchEnv(context, undefined, query))
    return { n: 0, ok: 1 }
  }
  const all = Object.keys(query.filter).length === 0 ? view.size : undefined
  const found = all ?? (await countMatches(context, prepare(context, view, query), skip + limit))
  return { n: Math.min(Math.max(found - skip, 0), limit), ok: 1 }
}

// internals

async function countMatches(context: Context, prepared: PreparedQuery, enough: number): Promise<number> {
  const { matcher, view, plan } = prepared
  let found = 0
  await eachDocument(context.reading, candidateDocuments(view, plan), context.pause, (doc) => {
    return matcher.matches(doc) && ++found >= enough
  })
  return found
}
