import { binaryParts, bsonTypeName, type Doc, regexParts } from '../values/types.ts'

/** Writes a value as the server's messages show it: `{ a: 1, b: [ "x" ] }`; too long is cut. */
export function describe(value: unknown): string {
  const text = write(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}

// internals

const LONGEST = 1024

function write(value: unknown): string {
  switch (bsonTypeName(value)) {
    case 'missing':
      return 'MISSING'
    case 'string':
      return JSON.stringify(value)
    case 'array':
      return (value as unknown[]).length === 0 ? '[]' : `[ ${(value as unknown[]).map(write).join(', ')} ]`
    case 'object':
      return writeDocument(value as Doc)
    case 'date':
      return (value as Date).toISOString()
    case 'objectId':
      return `ObjectId('${String(value)}')`
    case 'regex': {
      const { pattern, options } = regexParts(value)
      return `/${pattern}/${options}`
    }
    case 'binData': {
      const { bytes, subtype } = binaryParts(value)
      return `BinData(${subtype}, ${Buffer.from(bytes).toString('hex').toUpperCase()})`
    }
    case 'minKey':
      return 'MinKey'
    case 'maxKey':
      return 'MaxKey'
    default:
      return String(value)
  }
}

function writeDocument(doc: Doc): string {
  const members = Object.keys(doc).map((key) => `${key}: ${write(doc[key])}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
