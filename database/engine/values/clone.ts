import { setOwn } from './own.ts'
import { bsonClass, type Doc, isDocument } from './types.ts'

/**
 * A copy that shares nothing a caller could modify: documents, arrays, dates and binary bytes are copied; the classes
 * of `bson` that cannot be modified in place are shared.
 */
export function deepClone<T>(value: T): T {
  return clone(value) as T
}

// internals

function clone(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone)
  // Nearly everything is a plain object; the rarer classes need dearer questions.
  if (Object.getPrototypeOf(value) === Object.prototype) return cloneDocument(value as Doc)
  if (value instanceof Date) return new Date(value)
  if (isDocument(value)) return cloneDocument(value)
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
  if (bsonClass(value) === 'Binary') return cloneBinary(value as BinaryLike)
  return value
}

function cloneDocument(doc: Doc): Doc {
  // Spreading copies a whole document at once; one member after the other takes several times as long.
  const copy = { ...doc }
  for (const key of Object.keys(doc)) {
    const member = doc[key]
    if (typeof member === 'object' && member !== null) setOwn(copy, key, clone(member))
  }
  return copy
}

interface BinaryLike {
  buffer: Uint8Array
  position: number
  sub_type: number
}

function cloneBinary(value: BinaryLike): unknown {
  const copy = Object.create(Object.getPrototypeOf(value)) as BinaryLike
  return Object.assign(copy, value, {
    buffer: Uint8Array.prototype.slice.call(value.buffer, 0, value.position),
  })
}
