import { fail } from '../errors.ts'
import { describeElement, describeMember } from '../values/describe.ts'
import { getOwn, setOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'
import type { ElementFilters } from './array-filters.ts'
import { mergeNodes } from './merge.ts'
import {
  type ArrayNode,
  type ObjectNode,
  type Place,
  REMOVED,
  segmentOrder,
  type UpdateNode,
} from './node.ts'

/**
 * Applies an update tree to a value, sharing whatever does not change (spec/embedded-database.md §5).
 * @param value the present value, or MISSING
 * @returns the new value; the very same one when nothing changed; MISSING or {@link REMOVED} for none
 * @throws code 2, 28, 34 or 40, or whatever an operator throws
 */
export function applyNode(node: UpdateNode, value: unknown, place: Place, filters: ElementFilters): unknown {
  switch (node.kind) {
    case 'leaf':
      return node.apply(value, place)
    case 'array':
      return applyToElements(node, value, place, filters)
    default:
      return applyToMembers(node, value, place, filters)
  }
}

// internals

/** The server's limit of nulls that fill the gap before an index. */
const MAX_PADDING = 1_500_000

function applyToMembers(node: ObjectNode, value: unknown, place: Place, filters: ElementFilters): unknown {
  const children = resolvePositional(node, place)
  if (isDocument(value)) return applyToDocument(children, value, place, filters)
  if (Array.isArray(value)) return applyToArray(children, value, place, filters)
  if (value === MISSING) return create(children, place, filters)
  for (const [segment, child] of children) refuse(segment, child, value, place, filters)
  return value
}

type Children = readonly (readonly [string, UpdateNode])[]

/** The children in order, with `$` replaced by the index the query found. */
function resolvePositional({ children, positional }: ObjectNode, { arrayIndex, path }: Place): Children {
  if (positional === undefined) return [...children]
  if (arrayIndex === undefined) {
    return fail(2, 'The positional operator did not find the match needed from the query.')
  }
  const index = String(arrayIndex)
  const named = children.get(index)
  const merged = named === undefined ? positional : mergeNodes(positional, named, [...path, index])
  return [...new Map(children).set(index, merged)].sort(([a], [b]) => segmentOrder(a, b))
}

function applyTo(
  segment: string,
  child: UpdateNode,
  value: unknown,
  place: Place,
  filters: ElementFilters,
): unknown {
  place.path.push(segment)
  const result = applyNode(child, value, place, filters)
  place.path.pop()
  return result
}

function applyToDocument(children: Children, doc: Doc, place: Place, filters: ElementFilters): Doc {
  let result = doc
  for (const [segment, child] of children) {
    const before = getOwn(result, segment)
    const after = applyTo(segment, child, before, place, filters)
    if (Object.is(after, before) || (after === REMOVED && before === MISSING)) continue
    if (after === REMOVED) {
      result = without(result, segment)
    } else {
      if (result === doc) result = { ...doc }
      setOwn(result, segment, after)
    }
  }
  return result
}

function without(doc: Doc, name: string): Doc {
  const copy: Doc = {}
  for (const key of Object.keys(doc)) {
    if (key !== name) setOwn(copy, key, doc[key])
  }
  return copy
}

function applyToArray(
  children: Children,
  array: readonly unknown[],
  place: Place,
  filters: ElementFilters,
): readonly unknown[] {
  let result = array
  for (const [segment, child] of children) {
    if (!/^\d+$/.test(segment)) {
      refuse(segment, child, result, place, filters)
      continue
    }
    const index = Number(segment)
    const before = index < result.length ? result[index] : MISSING
    const after = applyTo(segment, child, before, place, filters)
    if (Object.is(after, before) || (after === REMOVED && before === MISSING)) continue
    result = withElement(result, index, after === REMOVED ? null : after)
  }
  return result
}

function withElement(array: readonly unknown[], index: number, value: unknown): unknown[] {
  if (index - array.length > MAX_PADDING) fail(34, `can't backfill more than ${MAX_PADDING} elements`)
  const copy = [...array]
  while (copy.length < index) copy.push(null)
  copy[index] = value
  return copy
}

/** Builds the documents of a path that is not there yet; MISSING when no operator wants anything created. */
function create(children: Children, place: Place, filters: ElementFilters): Doc | typeof MISSING {
  let created: Doc | undefined
  for (const [segment, child] of children) {
    const value = applyTo(segment, child, MISSING, place, filters)
    if (value === MISSING || value === REMOVED) continue
    created ??= {}
    setOwn(created, segment, value)
  }
  return created ?? MISSING
}

/** A path through a scalar, or by name into an array: only operators that would do nothing may pass. */
function refuse(
  segment: string,
  child: UpdateNode,
  value: unknown,
  place: Place,
  filters: ElementFilters,
): void {
  const wanted = applyTo(segment, child, MISSING, place, filters)
  const element = describeElement(place.path.at(-1) ?? '', value)
  if (wanted !== MISSING && wanted !== REMOVED) {
    fail(28, `Cannot create field '${segment}' in element ${element}`)
  }
  const strict = strictPath(child, [segment])
  if (strict) {
    const path = [...place.path, ...strict].join('.')
    fail(28, `Cannot use the part (${segment}) of (${path}) to traverse the element (${element})`)
  }
}

/** The path below the node to an operator that insists on a path that could exist. */
function strictPath(node: UpdateNode, path: readonly string[]): readonly string[] | undefined {
  if (node.kind === 'leaf') return node.strict ? path : undefined
  for (const [segment, child] of node.children) {
    const found = strictPath(child, [...path, segment])
    if (found) return found
  }
  return undefined
}

function applyToElements(node: ArrayNode, value: unknown, place: Place, filters: ElementFilters): unknown {
  if (value === MISSING) {
    return fail(
      2,
      `The path '${place.path.join('.')}' must exist in the document in order to apply array updates.`,
    )
  }
  if (!Array.isArray(value)) {
    return fail(
      2,
      `Cannot apply array updates to non-array element ${describeMember(place.path.at(-1) ?? '', value)}`,
    )
  }
  // All filters look at the array as it was before any of its elements changed.
  const updates = value.map((element) => chosen(node, element, filters))
  let result: readonly unknown[] = value
  updates.forEach((nodes, index) => {
    const [first, ...more] = nodes
    if (first === undefined) return
    const path = [...place.path, String(index)]
    const merged = more.reduce((left, right) => mergeNodes(left, right, path), first)
    const after = applyTo(String(index), merged, value[index], place, filters)
    if (!Object.is(after, value[index])) result = withElement(result, index, after === REMOVED ? null : after)
  })
  return result
}

function chosen(node: ArrayNode, element: unknown, filters: ElementFilters): UpdateNode[] {
  const nodes: UpdateNode[] = []
  for (const [identifier, child] of node.children) {
    if (identifier === '' || filters.get(identifier)?.(element)) nodes.push(child)
  }
  return nodes
}
