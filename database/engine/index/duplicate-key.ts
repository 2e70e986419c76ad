import { DatabaseError } from '../../command.ts'
import { codeName } from '../errors.ts'
import { binaryParts, bsonClass, type Doc, isDocument, MISSING, regexParts } from '../values/types.ts'
import { EMPTY_ARRAY } from './entries.ts'
import type { KeyConflict } from './index.ts'

/** Error 11000 as the server words it, with `keyPattern` and `keyValue`. */
export function duplicateKeyError(namespace: string, conflict: KeyConflict): DatabaseError {
  const { index, values } = conflict
  const keyValue: Doc = {}
  const shown: string[] = []
  index.parts.forEach((part, at) => {
    const value = stored(values[at])
    keyValue[part.path] = value
    shown.push(`${part.path}: ${shell(value)}`)
  })
  const collation = index.definition.collation
    ? ` collation: ${JSON.stringify(index.definition.collation)}`
    : ''
  return new DatabaseError(
    `E11000 duplicate key error collection: ${namespace} index: ${index.name}${collation} dup key: { ${shown.join(', ')} }`,
    { code: 11000, codeName: codeName(11000), keyPattern: index.definition.key, keyValue },
  )
}

/** A value in the notation of the server's messages: `"text"`, `ObjectId('…')`, `new Date(…)`. */
export function shell(value: unknown): string {
  if (value === null || value === undefined || value === MISSING) return 'null'
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(shell).join(', ')} ]`
  if (value instanceof Date) return `new Date(${value.getTime()})`
  if (isDocument(value)) {
    const members = Object.entries(value).map(([name, member]) => `${name}: ${shell(member)}`)
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  return shellOfClass(value)
}

// internals

function stored(value: unknown): unknown {
  if (value === MISSING) return null
  return value === EMPTY_ARRAY ? [] : value
}

function shellOfClass(value: object): string {
  if (value instanceof RegExp) {
    const { pattern, options } = regexParts(value)
    return `/${pattern}/${options}`
  }
  switch (bsonClass(value)) {
    case 'ObjectId':
      return `ObjectId('${String(value)}')`
    case 'Decimal128':
      return `Decimal128("${String(value)}")`
    case 'Double': {
      const number = Number((value as { value: number }).value)
      return Number.isInteger(number) ? number.toFixed(1) : String(number)
    }
    case 'Binary': {
      const { bytes, subtype } = binaryParts(value)
      return `BinData(${subtype}, ${Buffer.from(bytes).toString('hex').toUpperCase()})`
    }
    case 'Timestamp': {
      const { high, low } = value as { high: number; low: number }
      return `Timestamp(${high >>> 0}, ${low >>> 0})`
    }
    case 'MinKey':
    case 'MaxKey':
      return bsonClass(value)!
    default:
      return String(value)
  }
}
