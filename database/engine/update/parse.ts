import { fail } from '../errors.ts'
import { describeMember, describeValue } from '../values/describe.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import type { ElementFilters } from './array-filters.ts'
import { arrayNode, type Leaf, type ObjectNode, objectNode, segmentOrder, type UpdateNode } from './node.ts'
import { makeLeaf, type OperatorContext } from './operators.ts'
import { parseRename, type Rename } from './rename.ts'

/** A parsed modifier update. */
export interface ParsedModifiers {
  readonly root: ObjectNode
  readonly renames: readonly Rename[]
}

/**
 * Parses `{$set: …, $inc: …}` into a tree.
 * @throws code 9 for unknown modifiers and unused array filters, 40 for paths that conflict, 2 and 56 for bad paths,
 * and what the operators say about their operands
 */
export function parseModifiers(
  update: Doc,
  filters: ElementFilters,
  context: OperatorContext,
): ParsedModifiers {
  const root = objectNode()
  const renames: Rename[] = []
  const used = new Set<string>()
  const add = (path: string, leaf: Leaf) => insert(root, path, leaf, filters, used)
  for (const modifier of Object.keys(update)) {
    const operands = checkModifier(modifier, update[modifier])
    for (const path of Object.keys(operands)) {
      if (modifier === '$rename') {
        const rename = parseRename(path, operands[path])
        // The source takes part only to find conflicts; it is removed when everything else is done.
        add(path, { kind: 'leaf', apply: (value) => value })
        add(rename.to, rename.leaf)
        renames.push(rename)
      } else {
        add(path, makeLeaf(modifier, path, operands[path], context))
      }
    }
  }
  for (const identifier of filters.keys()) {
    if (!used.has(identifier)) {
      fail(
        9,
        `The array filter for identifier '${identifier}' was not used in the update ${describeValue(update)}`,
      )
    }
  }
  sortChildren(root)
  return { root, renames }
}

// internals

const MODIFIERS = new Set([
  '$addToSet',
  '$bit',
  '$currentDate',
  '$inc',
  '$max',
  '$min',
  '$mul',
  '$pop',
  '$pull',
  '$pullAll',
  '$push',
  '$rename',
  '$set',
  '$setOnInsert',
  '$unset',
])

function checkModifier(modifier: string, operands: unknown): Doc {
  if (!MODIFIERS.has(modifier)) {
    fail(
      9,
      `Unknown modifier: ${modifier}. Expected a valid update modifier or pipeline-style update specified as an array`,
    )
  }
  if (isDocument(operands)) return operands
  return fail(
    9,
    `Modifiers operate on fields but we found type ${bsonTypeName(operands)} instead. For example: {$mod: {<field>: ...}} not {${describeMember(modifier, operands)}}`,
  )
}

function insert(
  root: ObjectNode,
  path: string,
  leaf: Leaf,
  filters: ElementFilters,
  used: Set<string>,
): void {
  const segments = checkPath(path)
  let current: UpdateNode = root
  segments.forEach((segment, at) => {
    const name = childName(segment, at, path, filters, used)
    const next = segments[at + 1]
    const child = getChild(current, name)
    if (next === undefined) {
      if (child !== undefined) conflict(path, path)
      setChild(current, name, leaf)
      return
    }
    const kind = isIdentifier(next) ? 'array' : 'object'
    if (child !== undefined && child.kind !== kind) conflict(path, segments.slice(0, at + 1).join('.'))
    const following = child ?? (kind === 'array' ? arrayNode() : objectNode())
    if (child === undefined) setChild(current, name, following)
    current = following
  })
}

function conflict(path: string, at: string): never {
  return fail(40, `Updating the path '${path}' would create a conflict at '${at}'`)
}

function checkPath(path: string): string[] {
  if (path === '') fail(56, 'An empty update path is not valid.')
  const segments = path.split('.')
  if (segments.includes('')) {
    fail(56, `The update path '${path}' contains an empty field name, which is not allowed.`)
  }
  const positionals = segments.filter((segment) => segment === '$').length
  if (positionals > 1) fail(2, `Too many positional (i.e. '$') elements found in path '${path}'`)
  if (segments[0] === '$') {
    fail(2, `Cannot have positional (i.e. '$') element in the first position in path '${path}'`)
  }
  return segments
}

function isIdentifier(segment: string): boolean {
  return segment.length >= 3 && segment.startsWith('$[') && segment.endsWith(']')
}

/** The name a segment has in the tree: for `$[identifier]` the identifier, checked to have a filter. */
function childName(
  segment: string,
  at: number,
  path: string,
  filters: ElementFilters,
  used: Set<string>,
): string {
  if (!isIdentifier(segment)) return segment
  if (at === 0) {
    fail(
      2,
      `Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '${path}'`,
    )
  }
  const identifier = segment.slice(2, -1)
  if (identifier !== '' && !filters.has(identifier)) {
    fail(2, `No array filter found for identifier '${identifier}' in path '${path}'`)
  }
  used.add(identifier)
  return identifier
}

function getChild(node: UpdateNode, name: string): UpdateNode | undefined {
  if (node.kind === 'leaf') return undefined
  return node.kind === 'object' && name === '$' ? node.positional : node.children.get(name)
}

function setChild(node: UpdateNode, name: string, child: UpdateNode): void {
  if (node.kind === 'object' && name === '$') node.positional = child
  else if (node.kind !== 'leaf') node.children.set(name, child)
}

function sortChildren(node: UpdateNode): void {
  if (node.kind === 'leaf') return
  const sorted = [...node.children].sort(([a], [b]) => segmentOrder(a, b))
  node.children.clear()
  for (const [segment, child] of sorted) {
    node.children.set(segment, child)
    sortChildren(child)
  }
  if (node.kind === 'object' && node.positional) sortChildren(node.positional)
}
