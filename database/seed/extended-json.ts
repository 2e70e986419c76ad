/**
 * The special members of initial data (spec/database.md §14): MongoDB's Extended JSON. Everything else goes on to the
 * rules of `add()`.
 */
import { type Doc, setOwn } from '../api/own-member.ts'
import { readSpecial } from '../extended-json/special.ts'

/** Replaces the special members at every depth. @throws Error naming a special member that makes no sense */
export function fromExtendedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromExtendedJson)
  if (typeof value !== 'object' || value === null) return value
  const result: Doc = {}
  for (const [name, member] of Object.entries(value)) setOwn(result, name, fromExtendedJson(member))
  // Ids as text: only aliyun makes an ObjectId of it, by the rule for all 24-hex strings.
  return readSpecial(result, 'text')
}
