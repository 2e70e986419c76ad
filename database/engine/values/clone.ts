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
  return typeof value === 'object' && value !== null ? cloneObject(value) : value
}

function cloneObject(value: object): unknown {
  if (Array.isArray(value)) return cloneArray(value)
  // Nearly everything is a plain object; the rarer classes need dearer questions.
  if (Object.getPrototypeOf(value) === Object.prototype) return cloneDocument(value as Doc)
  if (value instanceof Date) return new Date(value.getTime())
  if (isDocument(value)) return cloneDocument(value)
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
  if (bsonClass(value) === 'Binary') return cloneBinary(value as BinaryLike)
  return value
}

// Both copy everything at once and then what may be modified: one member after the other takes several times as long.

function cloneArray(values: readonly unknown[]): unknown[] {
  const copy = values.slice()
  for (let at = 0; at < copy.length; at++) {
    const value = copy[at]
    if (typeof value === 'object' && value !== null) copy[at] = cloneObject(value)
  }
  return copy
}

function cloneDocument(doc: Doc): Doc {
  const copy = { ...doc }
  for (const key in doc) {
    const member = doc[key]
    if (typeof member === 'object' && member !== null) setOwn(copy, key, cloneObject(member))
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
