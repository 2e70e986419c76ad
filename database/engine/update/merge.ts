import { fail } from '../errors.ts'
import { type ArrayNode, type ObjectNode, segmentOrder, type UpdateNode } from './node.ts'

/**
 * Joins two trees that turn out to concern the same element, as `a.$.b` and `a.1.c` may.
 * @param path the element, for the error text
 * @throws code 40 when both want to change the same place
 */
export function mergeNodes(left: UpdateNode, right: UpdateNode, path: readonly string[]): UpdateNode {
  if (left.kind === 'object' && right.kind === 'object') return mergeObjects(left, right, path)
  if (left.kind === 'array' && right.kind === 'array') {
    return { kind: 'array', children: mergeChildren(left, right, path) }
  }
  return fail(40, `Update created a conflict at '${path.join('.')}'`)
}

// internals

function mergeObjects(left: ObjectNode, right: ObjectNode, path: readonly string[]): ObjectNode {
  const children = mergeChildren(left, right, path)
  const positional =
    left.positional && right.positional
      ? mergeNodes(left.positional, right.positional, [...path, '$'])
      : (left.positional ?? right.positional)
  return { kind: 'object', children, ...(positional ? { positional } : {}) }
}

function mergeChildren(left: ObjectNode | ArrayNode, right: ObjectNode | ArrayNode, path: readonly string[]) {
  const children = new Map(left.children)
  for (const [segment, child] of right.children) {
    const other = children.get(segment)
    const shown = left.kind === 'array' ? `$[${segment}]` : segment
    children.set(segment, other === undefined ? child : mergeNodes(other, child, [...path, shown]))
  }
  return new Map([...children].sort(([a], [b]) => segmentOrder(a, b)))
}
