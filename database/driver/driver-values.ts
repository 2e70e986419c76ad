import { BSONRegExp, Double } from 'bson'
import { setOwn } from '../engine/values/own.ts'
import { bsonClass, type Doc, isInt32 } from '../engine/values/types.ts'

/**
 * How the driver has to decode for values to come out as the waist has them (spec/embedded-database.md §4, §5): every
 * number keeps its kind. {@link plainValues} then unwraps what needs no class.
 */
export const DECODING = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
} as const

/** Turns what was decoded with {@link DECODING} into the waist's values, in place. */
export function plainValues(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = plainValues(value[at])
    return value
  }
  if (value instanceof Date) return value
  const name = bsonClass(value)
  return name === undefined ? plainMembers(value as Doc) : plainClass(value, name)
}

// internals

function plainMembers(doc: Doc): Doc {
  for (const name of Object.keys(doc)) {
    const member = doc[name]
    if (typeof member !== 'object' || member === null) continue
    const plain = plainValues(member)
    if (plain !== member) setOwn(doc, name, plain)
  }
  return doc
}

function plainClass(value: object, name: string): unknown {
  switch (name) {
    case 'Int32':
      return Number((value as { value: unknown }).value)
    case 'Double': {
      const double = Number((value as { value: unknown }).value)
      // A double that looks like an int32 must stay what it is.
      return isInt32(double) ? new Double(double) : double
    }
    case 'BSONRegExp':
      return plainRegex(value as BSONRegExp)
    case 'DBRef': {
      const { collection, oid, db, fields } = value as {
        collection: string
        oid: unknown
        db?: string
        fields?: Doc
      }
      return plainMembers({ $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields })
    }
    default:
      return value
  }
}

/** A RegExp when JavaScript has the same pattern and options, as the embedded engine reads them. */
function plainRegex({ pattern, options }: BSONRegExp): RegExp | BSONRegExp {
  if (/^[ims]*$/.test(options)) {
    try {
      const regex = new RegExp(pattern, options)
      if (regex.source === pattern) return regex
    } catch {
      // No JavaScript pattern: kept as it is.
    }
  }
  return new BSONRegExp(pattern, options)
}
