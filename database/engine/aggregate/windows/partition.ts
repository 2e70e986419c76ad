import { fail } from '../../errors.ts'
import type { Turn } from '../../pause.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { type Doc, MISSING } from '../../values/types.ts'
import { consume, type Flow, gather } from '../flow.ts'
import { createFrame, type Expression, type Scope } from '../scope.ts'

/** Documents of one partition, in sort order. */
export interface Partition {
  key: unknown
  docs: Doc[]
}

/** Sorts documents into partitions, which come in the order of their keys; missing counts as null. */
export function* partitionBy(
  input: Flow,
  by: Expression | undefined,
  scope: Scope,
): Generator<Turn, Partition[]> {
  if (!by) {
    const docs = yield* gather(input)
    return docs.length === 0 ? [] : [{ key: null, docs }]
  }
  const encode = groupKeyEncoder(scope.options.collation)
  const partitions = new Map<string, Partition>()
  const frame = createFrame()
  yield* consume(input, (doc) => {
    frame.root = doc
    const value = by(frame)
    if (Array.isArray(value)) {
      fail(14, 'An expression used to partition cannot evaluate to value of type array')
    }
    const id = encode(value)
    const partition = partitions.get(id)
    if (partition) partition.docs.push(doc)
    else partitions.set(id, { key: value === MISSING ? null : value, docs: [doc] })
  })
  return [...partitions.values()].sort((a, b) => scope.compare(a.key, b.key))
}
