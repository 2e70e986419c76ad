import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { candidates } from '../planner/candidates.ts'
import { collectAll } from '../planner/streams.ts'
import { groupKeyEncoder } from '../values/keys.ts'
import { compileWalk } from '../values/paths.ts'
import { type Doc, MISSING } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { matchEnv, prepare, readQuery } from './query.ts'

/** `distinct` */
export async function distinct(context: Context, command: Doc): Promise<Doc> {
  const args = new Arguments('distinct', command)
  const name = args.collection(context.database)
  const key = args.required('key', args.string('key'))
  const query = readQuery(args, 'query')
  args.end()
  if (key.includes('\0')) fail(31032, 'Key field cannot contain an embedded null byte')
  const view = viewOf(context, name)
  if (!view) {
    compileFilter(query.filter, matchEnv(context, undefined, query))
    return { values: [], ok: 1 }
  }
  const { matcher, plan } = prepare(context, view, query)
  const docs = await collectAll(candidates(view, plan), matcher, context.pause, view.collection.data.largest)
  const { collation } = matchEnv(context, view, query)
  return { values: distinctValues(docs, key, collation), ok: 1 }
}

// internals

/** Every value under the path, an array's elements instead of the array, in order of appearance. */
function distinctValues(docs: readonly Doc[], key: string, collation: unknown): unknown[] {
  const walk = compileWalk(key, 'whole')
  const encode = groupKeyEncoder(collation)
  const seen = new Map<string, unknown>()
  const add = (value: unknown) => {
    if (value === MISSING) return
    const encoded = encode(value)
    if (!seen.has(encoded)) seen.set(encoded, value)
  }
  for (const doc of docs) {
    walk(doc, (value) => {
      if (Array.isArray(value)) value.forEach(add)
      else add(value)
      return false
    })
  }
  return [...seen.values()]
}
