import { compilePipeline, type PipelineEnv } from '../../../database/engine/aggregate/pipeline.ts'
import { compileFilter } from '../../../database/engine/match/index.ts'
import { type Doc, isBson, isDocument } from '../../../database/engine/values/types.ts'

/** Collections by name; the pipeline starts from `self`. */
export type Collections = Readonly<Record<string, readonly Doc[]>>

export const NOW = new Date('2024-03-10T12:00:00.000Z')

/** Runs a pipeline over documents in memory and collects its results. */
export function aggregate(
  docs: readonly Doc[],
  pipeline: readonly unknown[],
  { other, ...more }: Partial<PipelineEnv> & { other?: Collections } = {},
): Doc[] {
  const collections: Collections = { self: docs, ...other }
  const env: PipelineEnv = {
    database: 'test',
    collection: 'self',
    now: NOW,
    read: (name, filter) => readFrom(collections[name] ?? [], filter),
    ...more,
  }
  return [...compilePipeline(pipeline, env).run(docs)]
}

/** The value of one expression for one document; `undefined` when it is missing. */
export function evaluate(expression: unknown, doc: Doc = {}, env: Partial<PipelineEnv> = {}): unknown {
  // A list keeps $project from taking plain numbers for flags, and shows missing as such.
  const [result] = aggregate([doc], [{ $replaceRoot: { newRoot: { value: expression } } }], env)
  return result?.value
}

/** The numeric code an action fails with; throws when it does not fail. */
export function codeOf(action: () => unknown): number {
  try {
    action()
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code === 'number') return code
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Freezes documents through and through, so that writing into an input fails loudly. */
export function frozen<T>(value: T): T {
  if (Array.isArray(value)) value.forEach(frozen)
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    Object.values(value).forEach(frozen)
  } else return value
  return Object.freeze(value)
}

/** The value with its decimals as text: they hold buffers of different kinds, which no deep equality sees through. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (isBson(value, 'Decimal128')) return { decimal: String(value) }
  if (!isDocument(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, comparable(member)]))
}

function readFrom(docs: readonly Doc[], filter: Doc | undefined): Iterable<Doc> {
  if (!filter) return docs
  const matcher = compileFilter(filter, { now: NOW })
  return docs.filter((doc) => matcher.matches(doc))
}
