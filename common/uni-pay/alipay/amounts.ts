/** Alipay's amounts are yuan as text, ours are fen (spec/uni-pay.md D5). */
import { feeOf, fenFromYuan, yuanText } from '../money.ts'
import { type Fields, fieldsOf } from '../naming.ts'
import { provider } from './merchant.ts'

/** Members of that name, in an object of the platform, from yuan to fen. */
export function inFen(fields: Fields, names: readonly string[]): Fields {
  const found = names.filter((name) => fields[name] !== undefined)
  return {
    ...fields,
    ...Object.fromEntries(found.map((name) => [name, fenFromYuan(provider, name, fields[name])])),
  }
}

/** The same for the entries of a list; undefined when it is none. */
export function listInFen(list: unknown, names: readonly string[]): Fields[] | undefined {
  return Array.isArray(list) ? list.map((entry) => inFen(fieldsOf(entry), names)) : undefined
}

/** An amount that the caller gave, as the platform takes it. */
export function yuanFor(name: string, fen: unknown): string {
  return yuanText(feeOf(provider, name, fen))
}

/** One amount in the entries of a list that the caller gave. */
export function listInYuan(list: unknown, name: string): Fields[] | undefined {
  if (!Array.isArray(list)) return undefined
  return list.map((entry) => ({ ...fieldsOf(entry), [name]: yuanFor(name, fieldsOf(entry)[name]) }))
}
