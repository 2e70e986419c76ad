import { fail } from '../errors.ts'
import { toSafeInteger } from './numbers.ts'
import { type Doc, isDocument } from './types.ts'

/**
 * Collations through `Intl.Collator` (spec/embedded-database.md §6): locale, strength, caseLevel, caseFirst,
 * numericOrdering, alternate. `backwards` and `normalization` are checked but change nothing.
 */

/** Compares two strings; 0 means equal under the collation. */
export type StringOrder = (a: string, b: string) => number

/**
 * The string order of a collation document.
 * @param collation as in a command: `{locale: 'en', strength: 2}`; undefined, empty and `simple` mean byte order
 * @returns undefined when strings compare by bytes
 * @throws code 2, 9, 14 or 40415 for a malformed collation
 */
export function stringOrder(collation: unknown): StringOrder | undefined {
  if (collation === undefined || collation === null) return undefined
  if (!isDocument(collation))
    return fail(14, "BSON field 'collation' is the wrong type, expected type 'object'")
  if (Object.keys(collation).length === 0) return undefined
  for (const key of Object.keys(collation)) {
    if (!FIELDS.has(key)) fail(40415, `BSON field 'collation.${key}' is an unknown field.`)
  }
  const locale = collation.locale
  if (typeof locale !== 'string') {
    return locale === undefined
      ? fail(40414, "BSON field 'collation.locale' is missing but a required field")
      : fail(14, "BSON field 'collation.locale' is the wrong type, expected type 'string'")
  }
  if (locale === 'simple') return undefined
  return collatorFor(locale, collation)
}

// internals

const FIELDS = new Set([
  'locale',
  'caseLevel',
  'caseFirst',
  'strength',
  'numericOrdering',
  'alternate',
  'maxVariable',
  'normalization',
  'backwards',
  'version',
])

function collatorFor(locale: string, collation: Doc): StringOrder {
  const strength = strengthOf(collation)
  const caseLevel = flag(collation, 'caseLevel')
  flag(collation, 'normalization')
  flag(collation, 'backwards')
  const caseFirst = choice(collation, 'caseFirst', ['upper', 'lower', 'off'], 'off')
  const shifted = choice(collation, 'alternate', ['non-ignorable', 'shifted'], 'non-ignorable') === 'shifted'
  choice(collation, 'maxVariable', ['punct', 'space'], 'punct')
  const collator = new Intl.Collator(localeTag(locale), {
    usage: 'sort',
    sensitivity:
      strength === 1 ? (caseLevel ? 'case' : 'base') : strength === 2 && !caseLevel ? 'accent' : 'variant',
    numeric: flag(collation, 'numericOrdering'),
    caseFirst: caseFirst === 'off' ? 'false' : (caseFirst as 'upper' | 'lower'),
    ignorePunctuation: shifted && strength < 4,
  })
  if (strength < 5) return collator.compare
  return (a, b) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

function localeTag(locale: string): string {
  const [name = '', keywords = ''] = locale.split('@')
  const variant = /(?:^|;)collation=(\w+)/.exec(keywords)?.[1]
  const tag =
    name.replaceAll('_', '-') + (variant === undefined ? '' : `-u-co-${VARIANTS[variant] ?? variant}`)
  const supported = isSupported(tag)
  if (!supported) fail(2, `Field 'locale' is invalid in: { locale: "${locale}" }`)
  return tag
}

const VARIANTS: Readonly<Record<string, string>> = {
  traditional: 'trad',
  phonebook: 'phonebk',
  dictionary: 'dict',
}

function isSupported(tag: string): boolean {
  try {
    return Intl.Collator.supportedLocalesOf(tag).length > 0
  } catch {
    return false // not even a language tag: the caller says which
  }
}

function strengthOf(collation: Doc): number {
  const value = collation.strength
  if (value === undefined) return 3
  const strength = toSafeInteger(value)
  if (strength === undefined || strength < 1 || strength > 5) {
    return fail(
      2,
      `Enumeration value '${String(value)}' for field 'collation.strength' is not a valid value.`,
    )
  }
  return strength
}

function flag(collation: Doc, name: string): boolean {
  const value = collation[name]
  if (value === undefined || typeof value === 'boolean') return value === true
  return fail(14, `BSON field 'collation.${name}' is the wrong type, expected type 'bool'`)
}

function choice(collation: Doc, name: string, allowed: readonly string[], otherwise: string): string {
  const value = collation[name]
  if (value === undefined) return otherwise
  if (typeof value === 'string' && allowed.includes(value)) return value
  return fail(2, `Enumeration value '${String(value)}' for field 'collation.${name}' is not a valid value.`)
}
