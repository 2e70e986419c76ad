/** JSON values as they travel, and looking into ones whose shape nobody promised. */

export type Json = string | number | boolean | null | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns undefined when the text is no JSON */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** A member that must be an object; anything else counts as an empty one. */
export function objectAt(value: JsonObject, key: string): JsonObject {
  const member = value[key]
  return isObject(member) ? member : {}
}

/** A member as text: strings as they are, numbers in their shortest form, everything else as absent. */
export function textAt(value: JsonObject, key: string): string | undefined {
  const member = value[key]
  if (typeof member === 'string') return member
  return typeof member === 'number' ? String(member) : undefined
}

export function numberAt(value: JsonObject, key: string): number | undefined {
  const member = value[key]
  return typeof member === 'number' ? member : undefined
}
