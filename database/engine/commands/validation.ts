import type { Collection } from '../catalog.ts'
import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { sizeOf } from '../store/size.ts'
import { getOwn } from '../values/own.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../values/types.ts'

/** The largest document, in bytes of BSON. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

/**
 * Checks a document against its collection's validator (spec/embedded-database.md §13).
 * @param before the present version; level `moderate` lets documents stay invalid that already are
 * @throws DatabaseError 121 with `errInfo`
 */
export function checkValidator(collection: Collection, doc: Doc, before: Doc | undefined, now: Date): void {
  const { validator, validationLevel, validationAction } = collection.options
  const matcher = collection.validator
  if (!matcher || !isDocument(validator) || validationLevel === 'off' || validationAction === 'warn') return
  if (matcher.matches(doc)) return
  if (before && validationLevel === 'moderate' && !matcher.matches(before)) return
  const id = getOwn(doc, '_id')
  fail(121, 'Document failed validation', {
    errInfo: {
      ...(id === MISSING ? {} : { failingDocumentId: id }),
      details: { operatorName: Object.keys(validator)[0] ?? '', ...failedParts(validator, doc, now) },
    },
  })
}

/** @throws DatabaseError 10334 for a document above 16 MiB */
export function checkSize(doc: Doc, what: string): void {
  const bytes = sizeOf(doc)
  if (bytes > MAX_DOCUMENT_BYTES) {
    fail(10334, `${what} too large. size in bytes: ${bytes}, max size: ${MAX_DOCUMENT_BYTES}`)
  }
}

/** @throws DatabaseError 53, 52 for values no document may have as its `_id` */
export function checkId(id: unknown): void {
  const type = bsonTypeName(id)
  if (type === 'array' || type === 'regex' || type === 'undefined')
    fail(53, `The '_id' value cannot be of type ${type}`)
  if (!isDocument(id)) return
  for (const name of Object.keys(id)) {
    if (name.startsWith('$') && name !== '$ref' && name !== '$id' && name !== '$db') {
      fail(52, `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`)
    }
  }
}

/** @throws DatabaseError for a validator that is no filter, or uses what a validator may not */
export function checkValidatorDefinition(validator: Doc): void {
  for (const operator of ['$near', '$nearSphere', '$text', '$where']) {
    if (JSON.stringify(validator).includes(`"${operator}"`))
      fail(2, `${operator} is not allowed in this context`)
  }
  compileFilter(validator, { now: new Date(0) })
}

// internals

/** Which of the validator's own top-level conditions the document fails, so that the message can be acted on. */
function failedParts(validator: Doc, doc: Doc, now: Date): Doc {
  const failed: Doc[] = []
  for (const [name, condition] of Object.entries(validator)) {
    if (name === '$jsonSchema') failed.push(...failedProperties(condition as Doc, doc, now))
    else if (!compileFilter({ [name]: condition }, { now }).matches(doc)) failed.push({ [name]: condition })
  }
  return { clausesNotSatisfied: failed }
}

function failedProperties(schema: Doc, doc: Doc, now: Date): Doc[] {
  const failed: Doc[] = []
  const required = Array.isArray(schema.required) ? schema.required : []
  const missing = required.filter((name) => getOwn(doc, String(name)) === MISSING)
  if (missing.length > 0) failed.push({ operatorName: 'required', missingProperties: missing })
  for (const [name, property] of Object.entries(isDocument(schema.properties) ? schema.properties : {})) {
    const value = getOwn(doc, name)
    if (value === MISSING) continue
    const matcher = compileFilter({ $jsonSchema: { properties: { [name]: property } } }, { now })
    if (!matcher.matches(doc))
      failed.push({ operatorName: 'properties', propertyName: name, consideredValue: value, rule: property })
  }
  return failed
}
