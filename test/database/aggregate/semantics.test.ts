import { readFileSync } from 'node:fs'
import { EJSON } from 'bson'
import { describe, expect, test } from 'vitest'
import { compareValues } from '../../../database/engine/values/compare.ts'
import { normalizeDocument } from '../../../database/engine/values/normalize.ts'
import { bsonTypeName, type Doc, isDocument } from '../../../database/engine/values/types.ts'
import { aggregate, codeOf, frozen } from './support.ts'

/** The aggregate cases of the semantic table, on the pipeline alone (format: the table's README). */

interface Case {
  id: string
  op: string
  docs: Doc[]
  other?: Doc[]
  indexes?: Array<{ key: Doc }>
  pipeline: unknown[]
  collation?: Doc
  expect: { docs?: Doc[]; error?: unknown; ids?: unknown[]; ordered?: boolean; fieldOrder?: boolean }
}

const FILE = new URL('../../conformance/mongodb-semantics-cases.json', import.meta.url)
const cases = (EJSON.parse(readFileSync(FILE, 'utf8'), { relaxed: false }) as unknown as Case[]).filter(
  ({ op }) => op === 'aggregate',
)

describe('semantic cases', () => {
  test.each(cases.map((item) => [item.id, item] as const))('%s', (_id, item) => {
    const run = () =>
      aggregate(frozen(item.docs.map(normalizeDocument)), plain(item.pipeline), {
        other: { other: (item.other ?? []).map(normalizeDocument) },
        geoPaths: () => geoPaths(item),
        ...(item.collation ? { collation: plain(item.collation) } : {}),
      })
    if (item.expect.error !== undefined) expect(codeOf(run)).toBe(Number(item.expect.error))
    else check(run(), item)
  })
})

function check(results: Doc[], { expect: { docs, ids, ordered, fieldOrder } }: Case): void {
  if (docs) {
    expect(results.map((doc) => canonical(doc, fieldOrder))).toEqual(
      docs.map((doc) => canonical(doc, fieldOrder)),
    )
  }
  if (ids) {
    const found = results.map((doc) => doc._id)
    const sort = (list: unknown[]) =>
      (ordered ? list : list.toSorted(compareValues)).map((id) => canonical(id))
    expect(sort(found)).toEqual(sort(ids))
  }
}

/** Values in a form that compares numbers by value and keeps decimals apart. */
function canonical(value: unknown, keepOrder = false): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item, keepOrder))
  switch (bsonTypeName(value)) {
    case 'decimal':
      return { decimal: String(value) }
    case 'int':
    case 'long':
    case 'double':
      return Number(value)
    case 'date':
      return { date: (value as Date).getTime() }
    case 'object': {
      const entries = Object.entries(value as Doc).map(([key, member]) => [key, canonical(member, keepOrder)])
      return keepOrder ? entries : Object.fromEntries(entries)
    }
    default:
      return isDocument(value) || typeof value !== 'object' ? value : String(value)
  }
}

function plain<T>(value: T): T {
  return normalizeDocument({ value } as Doc).value as T
}

function geoPaths({ indexes = [] }: Case): string[] {
  return indexes.flatMap(({ key }) => Object.keys(key).filter((path) => /^2d/.test(String(key[path]))))
}
