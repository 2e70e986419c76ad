import { shell } from '../index/duplicate-key.ts'
import type { Index } from '../index/index.ts'
import type { CollectionData } from '../store/collection-data.ts'
import { sizeOf } from '../store/size.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import type { Findings } from './finding.ts'

/**
 * Checks the documents of a collection, and that every index has exactly the entries they give it: none missing, none
 * too many, and unique where it promises that.
 * @param namespace `database.collection`
 */
export function verifyCollection(namespace: string, data: CollectionData, findings: Findings): void {
  const place = { collection: namespace }
  findings.addAll(documentFaults(data), place)
  for (const index of data.indexes) {
    const expected = expectedEntries(index, data)
    if (typeof expected === 'string') {
      findings.add('error', expected, place)
      continue
    }
    const { groups, size, multikey } = expected
    if (index.definition.unique) findings.addAll(doubles(index, groups, data), place)
    const wrong = findings.addAll(entryFaults(index, groups, data), place)
    if (wrong === 0 && index.size !== size) {
      findings.add(
        'error',
        `index ${index.name} has ${index.size} entries, the documents give it ${size}`,
        place,
      )
    }
    if (multikey && !index.multikey) {
      findings.add('error', `index ${index.name} holds elements of arrays and does not know it`, place)
    }
  }
}

// internals

const MAX_BYTES = 16 * 1024 * 1024

function* documentFaults(data: CollectionData): Generator<string, void, void> {
  let last = 0
  for (const [record, doc] of data.entries()) {
    const id = getOwn(doc, '_id')
    if (id === MISSING) yield `record ${record} has no _id`
    else if (Array.isArray(id)) yield `${named(doc)} has an array as its _id`
    const size = sizeOf(doc)
    if (size > MAX_BYTES)
      yield `${named(doc)} has ${size} bytes, more than the ${MAX_BYTES} a document may have`
    if (!Number.isSafeInteger(record) || record < 1)
      yield `${named(doc)} has the impossible record number ${record}`
    else if (record < last) yield `${named(doc)} stands behind a record with a higher number`
    else if (record >= data.nextRecord) yield `the record number of ${named(doc)} would be given out again`
    last = record
  }
}

/** Records by key, in key order. */
interface Expected {
  groups: readonly [key: string, records: readonly number[]][]
  size: number
  multikey: boolean
}

function expectedEntries(index: Index, data: CollectionData): Expected | string {
  const byKey = new Map<string, number[]>()
  let size = 0
  let multikey = false
  for (const [record, doc] of data.entries()) {
    let keys: readonly string[]
    try {
      keys = index.keysOf(doc)
    } catch (error) {
      return `index ${index.name} cannot hold ${named(doc)}: ${(error as Error).message}`
    }
    if (keys.length > 1) multikey = true
    size += keys.length
    for (const key of keys) {
      const records = byKey.get(key)
      if (records) records.push(record)
      else byKey.set(key, [record])
    }
  }
  const groups = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))
  // The `_id` index holds one record a key, come what may.
  return { groups, size: index.name === '_id_' ? groups.length : size, multikey }
}

function* doubles(
  index: Index,
  groups: Expected['groups'],
  data: CollectionData,
): Generator<string, void, void> {
  for (const [key, records] of groups) {
    const [first, ...others] = records
    for (const other of others) {
      const doc = data.get(other)!
      const values = index.valuesUnder(doc, key).map(shell).join(', ')
      yield `${named(data.get(first!)!)} and ${named(doc)} have the same key { ${values} } in the unique index ${index.name}`
    }
  }
}

function* entryFaults(
  index: Index,
  groups: Expected['groups'],
  data: CollectionData,
): Generator<string, void, void> {
  const surplus = new Map<number, number>()
  for (const record of index.range('', undefined, false)) surplus.set(record, (surplus.get(record) ?? 0) + 1)
  for (const [key, records] of groups) {
    const found = new Set(index.range(key, `${key}\0`, false))
    for (const record of records) {
      if (found.has(record)) surplus.set(record, (surplus.get(record) ?? 0) - 1)
      else if (!isReplaced(index, records, record)) {
        yield `${named(data.get(record)!)} is missing in the index ${index.name}`
      }
    }
  }
  for (const [record, count] of surplus) {
    if (count <= 0) continue
    const doc = data.get(record)
    yield doc
      ? `index ${index.name} has an entry of ${named(doc)} that the document does not give it`
      : `index ${index.name} has an entry of record ${record}, which is not there`
  }
}

/** Of doubles of an `_id`, which are told already, the index holds the last. */
function isReplaced(index: Index, records: readonly number[], record: number): boolean {
  return index.name === '_id_' && records.length > 1 && records.at(-1) !== record
}

function named(doc: Doc): string {
  const id = getOwn(doc, '_id')
  return id === MISSING ? 'a document without _id' : `document ${shorten(shell(id))}`
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
