import { compileFilter, isRegex } from '../../match/index.ts'
import { TURN, type Turn } from '../../pause.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { compileWalk } from '../../values/paths.ts'
import { type Doc, MISSING } from '../../values/types.ts'
import { consume, type Flow } from '../flow.ts'
import type { Scope } from '../scope.ts'
import type { StageContext } from './stage.ts'

/**
 * The other side of a join: finds the documents of a collection that have a value at a path, by the rules of queries
 * (null finds missing, an array is searched by its elements). With an index on the path the collection is asked each
 * time; without, it is read once into a table.
 */
export class ForeignCollection {
  readonly #scope: Scope
  readonly #source: ForeignSource
  readonly #path: string
  readonly #key: (value: unknown) => string
  #table: ForeignTable | undefined

  constructor(scope: Scope, source: ForeignSource, path: string) {
    this.#scope = scope
    this.#source = source
    this.#path = path
    this.#key = groupKeyEncoder(scope.options.collation)
  }

  /** Documents equal to any of the values at the path, in the collection's order. */
  *find(values: readonly unknown[]): Flow {
    const collated = this.#scope.options.collation !== undefined
    if (!this.#table && !collated && this.#source.indexed(this.#path)) {
      yield* this.#ask(values)
      return
    }
    this.#table ??= yield* this.#read()
    yield* this.#look(this.#table, values)
  }

  *#ask(values: readonly unknown[]): Flow {
    const filter = this.#filter(values)
    const { now } = this.#scope.options
    const matcher = compileFilter(filter, { now })
    for (const doc of this.#source.read(filter)) if (doc === TURN || matcher.matches(doc)) yield doc
  }

  /** A regular expression among the values means itself, not a pattern. */
  #filter(values: readonly unknown[]): Doc {
    const [only] = values
    if (values.length === 1) return { [this.#path]: { $eq: only } }
    if (!values.some(isRegex)) return { [this.#path]: { $in: values } }
    return { $or: values.map((value) => ({ [this.#path]: { $eq: value } })) }
  }

  *#read(): Generator<Turn, ForeignTable> {
    const walk = compileWalk(this.#path, 'elements')
    const { now, collation } = this.#scope.options
    const isNull = compileFilter({ [this.#path]: null }, { now, collation })
    const table: ForeignTable = { byKey: new Map(), nulls: [] }
    let order = 0
    yield* consume(this.#source.read(), (doc) => {
      const entry = { order, doc }
      order += 1
      const keys = new Set<string>()
      walk(doc, (value) => {
        if (value !== MISSING && value !== null) keys.add(this.#key(value))
        return false
      })
      for (const key of keys) {
        const entries = table.byKey.get(key)
        if (entries) entries.push(entry)
        else table.byKey.set(key, [entry])
      }
      if (isNull.matches(doc)) table.nulls.push(entry)
    })
    return table
  }

  #look({ byKey, nulls }: ForeignTable, values: readonly unknown[]): Iterable<Doc> {
    const lists = values.map((value) => (value === null ? nulls : (byKey.get(this.#key(value)) ?? [])))
    if (lists.length === 1) return lists[0]!.map(({ doc }) => doc)
    const found = new Set(lists.flat())
    return [...found].sort((a, b) => a.order - b.order).map(({ doc }) => doc)
  }
}

/** Where the documents of the other side come from. */
export interface ForeignSource {
  read(filter?: Doc): Flow
  /** True when reading by equality of that path is cheap. */
  indexed(path: string): boolean
}

/** A collection as the other side of a join. */
export function collectionSource(context: StageContext, collection: string): ForeignSource {
  return {
    read: (filter) => context.read(collection, filter),
    indexed: (path) => context.indexed(collection, path),
  }
}

// internals

interface ForeignEntry {
  order: number
  doc: Doc
}

interface ForeignTable {
  byKey: Map<string, ForeignEntry[]>
  /** Documents that a query for null finds. */
  nulls: ForeignEntry[]
}
