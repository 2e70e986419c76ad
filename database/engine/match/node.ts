import { getOwn } from '../values/own.ts'
import { compileWalk } from '../values/paths.ts'
import type { Doc } from '../values/types.ts'

/**
 * The two shapes a compiled filter is made of. A {@link FieldNode} says something about the values at one path; bound
 * to its path it becomes a {@link Node}, which says something about a document.
 */

/** A compiled part of a filter. `locate` serves the positional `$` and is only asked about documents that match. */
export interface Node {
  /** Place among its siblings in the server's normal form; see {@link allOf}. */
  readonly rank: number
  readonly path: string
  test(doc: Doc): boolean
  /** Index of the array element that satisfied the node, −1 when no array had a say. */
  locate(doc: Doc): number
}

/** A question about one value, MISSING included. */
export type Predicate = (value: unknown) => boolean

export type FieldNode =
  | {
      readonly kind: 'leaf'
      readonly rank: number
      readonly leafArrays: 'elements' | 'whole'
      readonly predicate: Predicate
      /** For conditions on an array as a whole: the index of its element that satisfied them. */
      readonly inner?: (value: unknown) => number
    }
  | { readonly kind: 'not'; readonly child: FieldNode }
  | { readonly kind: 'and'; readonly children: readonly FieldNode[] }
  | { readonly kind: 'constant'; readonly value: boolean }

/** Places in the server's normal form: its order of match types. */
export const RANK = {
  and: 0,
  or: 1,
  elemMatchObject: 2,
  elemMatchValue: 3,
  size: 4,
  eq: 5,
  lte: 6,
  lt: 7,
  gt: 8,
  gte: 9,
  regex: 10,
  mod: 11,
  exists: 12,
  in: 13,
  bits: 14,
  not: 18,
  nor: 19,
  type: 20,
  geo: 21,
  near: 22,
  where: 23,
  always: 24,
  expr: 26,
  text: 27,
} as const

/** A condition on each value a path leads to: on array elements and on the array itself. */
export function onElements(rank: number, predicate: Predicate): FieldNode {
  return { kind: 'leaf', rank, leafArrays: 'elements', predicate }
}

/** A condition on what stands at a path, arrays taken whole. */
export function onWhole(rank: number, predicate: Predicate, inner?: (value: unknown) => number): FieldNode {
  return { kind: 'leaf', rank, leafArrays: 'whole', predicate, ...(inner ? { inner } : {}) }
}

export function negation(child: FieldNode): FieldNode {
  return { kind: 'not', child }
}

/** Binds a field node to a path. */
export function bind(path: string, node: FieldNode): Node {
  switch (node.kind) {
    case 'leaf':
      return bindLeaf(path, node)
    case 'not':
      return noneOf([bind(path, node.child)], RANK.not, path)
    case 'and':
      return allOf(node.children.map((child) => bind(path, child)))
    default:
      return constant(node.value)
  }
}

/** The node as a condition on one value that arrays are not opened for: inside `$elemMatch`, or `$pull`. */
export function asPredicate(node: FieldNode): Predicate {
  switch (node.kind) {
    case 'leaf':
      return node.predicate
    case 'not': {
      const child = asPredicate(node.child)
      return (value) => !child(value)
    }
    case 'and': {
      const children = node.children.map(asPredicate)
      return (value) => children.every((child) => child(value))
    }
    default:
      return () => node.value
  }
}

/**
 * All must hold. The positional `$` takes the index of the last array condition in the server's normal form (siblings
 * ordered by type, then path), because there each condition overwrites what the one before it recorded.
 */
export function allOf(nodes: readonly Node[]): Node {
  const [first, second, ...more] = nodes
  if (first === undefined) return constant(true)
  if (second === undefined) return first
  const ordered = [...nodes].sort(normalOrder)
  return {
    rank: RANK.and,
    path: '',
    test:
      more.length === 0
        ? (doc) => first.test(doc) && second.test(doc)
        : (doc) => nodes.every((node) => node.test(doc)),
    locate: (doc) => ordered.reduce((found, node) => keepLast(found, node.locate(doc)), -1),
  }
}

/** One must hold; the positional `$` takes the first that does. */
export function anyOf(nodes: readonly Node[]): Node {
  const ordered = [...nodes].sort(normalOrder)
  return {
    rank: RANK.or,
    path: '',
    test: (doc) => nodes.some((node) => node.test(doc)),
    locate: (doc) => ordered.find((node) => node.test(doc))?.locate(doc) ?? -1,
  }
}

/** None may hold. A negation never tells the positional `$` anything. */
export function noneOf(nodes: readonly Node[], rank: number = RANK.nor, path = ''): Node {
  const [first, ...more] = nodes
  if (first !== undefined && more.length === 0) {
    return { rank, path, test: (doc) => !first.test(doc), locate: () => -1 }
  }
  return { rank, path, test: (doc) => !nodes.some((node) => node.test(doc)), locate: () => -1 }
}

/** A condition on the whole document. */
export function onDocument(rank: number, test: (doc: Doc) => boolean): Node {
  return { rank, path: '', test, locate: () => -1 }
}

export function constant(value: boolean): Node {
  return onDocument(RANK.always, () => value)
}

// internals

function normalOrder(a: Node, b: Node): number {
  return a.rank - b.rank || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}

function keepLast(found: number, next: number): number {
  return next >= 0 ? next : found
}

type Leaf = Extract<FieldNode, { kind: 'leaf' }>

function bindLeaf(path: string, leaf: Leaf): Node {
  const { predicate, inner, rank } = leaf
  const walk = compileWalk(path, leaf.leafArrays)
  // One visitor for every document: nothing is allocated while scanning.
  const visit = (value: unknown) => predicate(value)
  return {
    rank,
    path,
    test: path.includes('.') ? (doc) => walk(doc, visit) : plainTest(path, leaf),
    locate(doc) {
      let found = -1
      walk(doc, (value, index) => {
        if (!predicate(value)) return false
        found = index >= 0 || inner === undefined ? index : inner(value)
        return true
      })
      return found
    },
  }
}

/** The test for a path of one segment, the case that scans are made of. */
function plainTest(path: string, { predicate, leafArrays }: Leaf): (doc: Doc) => boolean {
  if (leafArrays === 'whole') return (doc) => predicate(getOwn(doc, path))
  return (doc) => {
    const value = getOwn(doc, path)
    if (!Array.isArray(value)) return predicate(value)
    for (let i = 0; i < value.length; i += 1) {
      if (predicate(value[i])) return true
    }
    return predicate(value)
  }
}
