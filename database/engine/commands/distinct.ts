import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { candidateDocuments } from '../planner/candidates.ts'
import { eachDocument } from '../planner/streams.ts'
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
  const { collation } = matchEnv(context, view, query)
  const values = new DistinctValues(key, collation)
  await eachDocument(context.reading, candidateDocuments(view, plan), context.pause, (doc) => {
    if (matcher.matches(doc)) values.addFrom(doc)
    return undefined
  })
  return { values: values.list, ok: 1 }
}

// internals

/** Every value under a path, an array's elements instead of the array, in order of appearance. */
class DistinctValues {
  readonly #walk: ReturnType<typeof compileWalk>
  readonly #encode: (value: unknown) => string
  readonly #seen = new Map<string, unknown>()

  constructor(path: string, collation: unknown) {
    this.#walk = compileWalk(path, 'whole')
    this.#encode = groupKeyEncoder(collation)
  }

  get list(): unknown[] {
    return [...this.#seen.values()]
  }

  addFrom(doc: Doc): void {
    this.#walk(doc, (value) => {
      if (Array.isArray(value)) for (const element of value as unknown[]) this.#add(element)
      else this.#add(value)
      return false
    })
  }

  #add(value: unknown): void {
    if (value === MISSING) return
    const encoded = this.#encode(value)
    if (!this.#seen.has(encoded)) this.#seen.set(encoded, value)
  }
}
