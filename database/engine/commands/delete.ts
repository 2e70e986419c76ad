import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { matchEnv, matching, prepare, readQuery } from './query.ts'
import { WriteResults } from './write-results.ts'

/** `delete` */
export function remove(context: Context, command: Doc): Doc {
  const args = new Arguments('delete', command)
  const name = args.collection(context.database)
  const statements = args.required('deletes', args.documents('deletes'))
  const results = new WriteResults(context, args.boolean('ordered', true))
  const variables = args.document('let')
  args.end()
  // A statement of the wrong form fails the command, before anything is removed.
  const requests = statements.map((statement) => readStatement(statement, variables))
  let n = 0
  results.each(requests, ({ query, limit }) => {
    const view = viewOf(context, name)
    if (!view) {
      compileFilter(query.filter, matchEnv(context, undefined, query))
      return
    }
    const found = matching(context, prepare(context, view, query), limit === 0 ? undefined : limit)
    for (const [record, doc] of found) {
      context.unit.remove(view.collection, record, doc)
      n++
    }
  })
  return results.reply({ n })
}

// internals

function readStatement(statement: Doc, variables: Doc | undefined) {
  const args = new Arguments('delete.deletes', statement)
  const query = readQuery(args, 'q', { variables })
  args.required('q', args.document('q'))
  const limit = args.required('limit', args.integer('limit'))
  if (limit !== 0 && limit !== 1) fail(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`)
  args.end()
  return { query, limit }
}
