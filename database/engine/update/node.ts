import type { Doc } from '../values/types.ts'

/**
 * The tree a modifier update is parsed into: paths by segment, with an operator at the end of each. Operators never
 * change a value; they give a new one or the old one itself, which means that nothing has changed.
 */
export type UpdateNode = ObjectNode | ArrayNode | Leaf

/** Members of a document, or elements of an array by index. */
export interface ObjectNode {
  readonly kind: 'object'
  readonly children: Map<string, UpdateNode>
  /** What applies to the element that the query found: the `$` segment. */
  positional?: UpdateNode
}

/** Elements of an array chosen by `$[]` (identifier `''`) or `$[identifier]`. */
export interface ArrayNode {
  readonly kind: 'array'
  readonly children: Map<string, UpdateNode>
}

/** An operator at the end of a path. */
export interface Leaf {
  readonly kind: 'leaf'
  /** Gives the new value; MISSING leaves an absent field absent, {@link REMOVED} takes a present one away. */
  apply(value: unknown, place: Place): unknown
  /** Fails when the path leads through a scalar even though it would create nothing (`$pull`, `$pop`). */
  readonly strict?: boolean
}

/** What an operator gives to have its field removed. */
export const REMOVED: unique symbol = Symbol('removed')

/** Where in which document an operator is being applied. */
export interface Place {
  /** The document before the update. */
  readonly original: Doc
  /** Segments walked so far, of the real path: indexes instead of `$`. */
  readonly path: string[]
  /** True while the document of an upsert is built. */
  readonly insert: boolean
  /** What `$` stands for. */
  readonly arrayIndex: number | undefined
  readonly now: Date
}

export function objectNode(): ObjectNode {
  return { kind: 'object', children: new Map() }
}

export function arrayNode(): ArrayNode {
  return { kind: 'array', children: new Map() }
}

/** The order in which members are updated, and new ones appear: by name, indexes by number. */
export function segmentOrder(a: string, b: string): number {
  if (DIGITS.test(a) && DIGITS.test(b)) {
    const [left, right] = [a.replace(/^0+(?=.)/, ''), b.replace(/^0+(?=.)/, '')]
    if (left.length !== right.length) return left.length - right.length
  }
  return a < b ? -1 : a > b ? 1 : 0
}

// internals

const DIGITS = /^\d+$/
