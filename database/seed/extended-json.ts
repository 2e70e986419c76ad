/**
 * The special members of imported documents (spec/database.md §14): `{"$date": …}`, `{"$oid": …}` and MongoDB's
 * Extended JSON for numbers and regular expressions. Everything else goes on to the rules of `add()`.
 */
import { BSONRegExp, Double, Int32, Long } from 'bson'
import { type Doc, setOwn } from '../api/own-member.ts'

/** Replaces the special members at every depth. @throws Error naming a special member that makes no sense */
export function fromExtendedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromExtendedJson)
  if (typeof value !== 'object' || value === null) return value
  const special = fromSpecial(value as Doc)
  if (special !== undefined) return special
  const result: Doc = {}
  for (const [name, member] of Object.entries(value)) setOwn(result, name, fromExtendedJson(member))
  return result
}

// internals

function fromSpecial(value: Doc): unknown {
  const [name, ...more] = Object.keys(value)
  if (name === undefined || more.length > 0 || !Object.hasOwn(readers, name)) return undefined
  const result = readers[name]!(value[name])
  if (result === undefined) throw new Error(`${JSON.stringify(value)} is not a valid ${name}`)
  return result
}

/** Readers give undefined for what they cannot read. */
const readers: Readonly<Record<string, (value: unknown) => unknown>> = {
  $date: readDate,
  // The id as text: only aliyun makes an ObjectId of it, by the rule for all 24-hex strings.
  $oid: (value) => (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value) ? value : undefined),
  $numberInt: (value) => readNumber(value, (number) => new Int32(number)),
  $numberDouble: (value) => readNumber(value, (number) => new Double(number)),
  $numberLong: (value) => (/^-?\d+$/.test(String(value)) ? Long.fromString(String(value)) : undefined),
  $regularExpression: (value) => {
    const { pattern, options = '' } = (value ?? {}) as { pattern?: unknown; options?: unknown }
    if (typeof pattern !== 'string' || typeof options !== 'string') return undefined
    return new BSONRegExp(pattern, options)
  },
}

function readDate(value: unknown): Date | undefined {
  const long = (value as { $numberLong?: unknown } | null)?.$numberLong
  const time = typeof value === 'string' ? Date.parse(value) : Number(long ?? value)
  return Number.isNaN(time) || value === null ? undefined : new Date(time)
}

function readNumber(value: unknown, make: (number: number) => unknown): unknown {
  const text = String(value)
  const number = Number(text)
  return text.trim() === '' || (Number.isNaN(number) && text !== 'NaN') ? undefined : make(number)
}
