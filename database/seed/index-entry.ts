/**
 * One entry of `*.index.json` -> one index of MongoDB's `createIndexes` (spec/database.md §14).
 */
import type { DatabaseProfile } from '../api/profile.ts'
import { isDocument } from '../api/snapshot.ts'

/** An entry of `createIndexes.indexes`. */
export interface IndexSpec {
  name: string
  key: Record<string, 1 | -1 | '2dsphere'>
  unique?: true
  sparse?: true
  expireAfterSeconds?: number
}

/** What came of an entry: an index, nothing to do, or a complaint. `remarks` are about members that are ignored. */
export type IndexEntry = { spec: IndexSpec; remarks: string[] } | { skip: true } | { fault: string }

export function readIndexEntry(entry: unknown, profile: DatabaseProfile): IndexEntry {
  const schema = isDocument(entry) ? entry.MgoKeySchema : undefined
  if (!isDocument(entry) || !isDocument(schema)) return { fault: 'an index needs IndexName and MgoKeySchema' }
  const keys = readKeys(schema.MgoIndexKeys)
  if (typeof keys === 'string') return { fault: keys }
  // Exported lists name the index every collection has.
  if (Object.keys(keys).join() === '_id') return { skip: true }
  const name = entry.IndexName
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    return { fault: 'IndexName must be a text' }
  const remarks: string[] = []
  const spec: IndexSpec = { name: name ?? defaultName(keys), key: keys }
  if (isTrue(schema.MgoIsUnique)) spec.unique = true
  if (isTrue(schema.MgoIsSparse)) {
    if (profile.sparseIndexes) spec.sparse = true
    else remarks.push(`${spec.name}: MgoIsSparse is ignored, only aliyun has sparse indexes`)
  }
  const seconds = schema.MgoExpireAfterSeconds
  if (seconds !== undefined) {
    if (!profile.ttlIndexes)
      remarks.push(`${spec.name}: MgoExpireAfterSeconds is ignored, only aliyun has TTL indexes`)
    else if (typeof seconds === 'number' && seconds >= 0) spec.expireAfterSeconds = seconds
    else return { fault: `${spec.name}: MgoExpireAfterSeconds must be a number of seconds` }
  }
  return { spec, remarks }
}

// internals

function readKeys(list: unknown): IndexSpec['key'] | string {
  if (!Array.isArray(list) || list.length === 0)
    return 'MgoKeySchema.MgoIndexKeys must name at least one field'
  const keys: Record<string, 1 | -1 | '2dsphere'> = {}
  for (const item of list) {
    const { Name: name, Direction: direction } = isDocument(item) ? item : {}
    if (typeof name !== 'string' || name === '') return 'an entry of MgoIndexKeys needs a Name'
    const read = readDirection(direction)
    if (read === undefined) {
      return `${name}: Direction must be "1", "-1" or "2dsphere", not ${JSON.stringify(direction)}`
    }
    keys[name] = read
  }
  return keys
}

function readDirection(direction: unknown): 1 | -1 | '2dsphere' | undefined {
  if (direction === '2dsphere') return direction
  if (direction === '1' || direction === 1) return 1
  return direction === '-1' || direction === -1 ? -1 : undefined
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

/** As MongoDB names them. */
function defaultName(keys: IndexSpec['key']): string {
  return Object.entries(keys)
    .map(([name, direction]) => `${name}_${direction}`)
    .join('_')
}
