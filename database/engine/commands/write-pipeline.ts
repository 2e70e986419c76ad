import type { MergeWrites, OutWrites, PipelineWrites } from '../aggregate/pipeline.ts'
import { type Collection, checkNamespace } from '../catalog.ts'
import { fail } from '../errors.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import type { Context } from './context.ts'
import { prepareDocument } from './insert.ts'
import { matching, prepare } from './query.ts'
import { checkSize, checkValidator } from './validation.ts'

/** Writes the results of a pipeline that ends in `$out` or `$merge`. */
export function writePipeline(
  context: Context,
  writes: PipelineWrites,
  results: readonly Doc[],
  bypass: boolean,
): void {
  checkNamespace(writes.database, writes.collection)
  if (writes.kind === 'out') replaceAll(context, writes, results, bypass)
  else mergeAll(context, writes, results, bypass)
}

// internals

/** `$out`: the collection keeps its indexes and options, its documents are exchanged in one commit. */
function replaceAll(context: Context, writes: OutWrites, results: readonly Doc[], bypass: boolean): void {
  const collection = target(context, writes)
  for (const [record, doc] of [...context.unit.view(collection).entries()])
    context.unit.remove(collection, record, doc)
  for (const result of results) add(context, collection, result, bypass)
}

function mergeAll(context: Context, writes: MergeWrites, results: readonly Doc[], bypass: boolean): void {
  const collection = target(context, writes)
  checkUnique(collection, writes.on)
  for (const result of results) {
    // Without an `_id` in `on` a result may lack one; it gets its own then.
    const filter = writes.filter(result)
    const [found] = matching(context, prepare(context, context.unit.view(collection), { filter }), 1)
    const next = writes.decide(found?.[1], result)
    if (next === undefined) continue
    if (!found) {
      add(context, collection, next, bypass)
      continue
    }
    const [record, before] = found
    const doc = withId(next, getOwn(before, '_id'))
    checkSize(doc, 'Resulting document after update is')
    if (!bypass) checkValidator(collection, doc, before, context.now)
    context.unit.write(collection, record, before, doc, true)
  }
}

function target(context: Context, { database, collection }: PipelineWrites): Collection {
  return context.unit.find(database, collection) ?? context.unit.create(database, collection, {})
}

function add(context: Context, collection: Collection, result: Doc, bypass: boolean): void {
  const doc = prepareDocument(result, context)
  checkSize(doc, 'object to insert')
  if (!bypass) checkValidator(collection, doc, undefined, context.now)
  context.unit.insert(collection, doc)
}

function withId(doc: Doc, id: unknown): Doc {
  return getOwn(doc, '_id') === MISSING ? { _id: id, ...doc } : doc
}

function checkUnique(collection: Collection, on: readonly string[]): void {
  if (on.length === 1 && on[0] === '_id') return
  const wanted = [...on].sort().join('\0')
  const fits = collection.indexes.some(
    ({ key, unique, sparse, partialFilterExpression }) =>
      unique && !sparse && !partialFilterExpression && Object.keys(key).sort().join('\0') === wanted,
  )
  if (!fits) fail(51183, 'Cannot find index to verify that join fields will be unique')
}
