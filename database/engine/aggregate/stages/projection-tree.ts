import { fail } from '../../errors.ts'
import { isNumber } from '../../values/numbers.ts'
import { getOwn, setOwn } from '../../values/own.ts'
import { isTruthy } from '../../values/truth.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import { OPERATORS } from '../expressions/operators.ts'
import { parseFieldPath } from '../field-path.ts'
import type { Expression, Frame, Scope } from '../scope.ts'

/** What happens to one member: kept, dropped, computed, or decided by its own members. */
export type ProjectionNode = 'keep' | 'drop' | { compute: Expression } | ProjectionBranch

/** A member decided by its own members. */
export interface ProjectionBranch {
  members: ProjectionTree
  /** True when something is computed in it, at any depth. */
  computes: boolean
}

/** A projection or a set of new fields, by member name. */
export type ProjectionTree = Map<string, ProjectionNode>

/** A specification, read. */
export interface ParsedProjection {
  tree: ProjectionTree
  /** What to do with `_id` when the specification names it at the top. */
  id: 'keep' | 'drop' | 'unnamed'
  /** The leaves in the order they were written, without a plain `_id`. */
  leaves: Array<{ path: string; kind: 'keep' | 'drop' | 'compute' }>
}

/**
 * Reads the argument of `$project` or `$addFields`.
 * @param values how plain numbers and booleans are meant: as keep and drop, or as values
 * @throws DatabaseError 31249 or 31250 for paths that collide, 51270 or 40180 for `{}` as a value, 31324 for `.$`
 */
export function parseProjection(spec: Doc, values: 'flags' | 'literals', scope: Scope): ParsedProjection {
  const parsed: ParsedProjection = { tree: new Map(), id: 'unnamed', leaves: [] }
  const add = (at: readonly string[], value: unknown): void => {
    const path = at.join('.')
    if (isDocument(value) && !isOperator(value)) {
      const members = Object.keys(value)
      if (members.length === 0) refuseEmpty(path, values)
      for (const member of members) add([...at, ...parseFieldPath(member)], value[member])
      return
    }
    const flag = values === 'flags' && (typeof value === 'boolean' || isNumber(value))
    const node: ProjectionNode = flag
      ? isTruthy(value)
        ? 'keep'
        : 'drop'
      : { compute: scope.compile(value) }
    if (path === '_id' && typeof node === 'string') {
      parsed.id = node
      return
    }
    insertNode(parsed.tree, at, node)
    parsed.leaves.push({ path, kind: typeof node === 'string' ? node : 'compute' })
  }
  for (const key of Object.keys(spec)) {
    if (key.endsWith('.$')) fail(31324, 'Cannot use positional projection in aggregation projection')
    if (isDocument(spec[key])) refuseUnknown(spec[key], values)
    add(parseFieldPath(key), spec[key])
  }
  return parsed
}

/** Keeps what the tree names, in the document's own order. */
export function keepMembers(doc: Doc, tree: ProjectionTree): Doc {
  const result: Doc = {}
  for (const key of Object.keys(doc)) {
    const node = tree.get(key)
    if (node === undefined || node === 'drop') continue
    if (node === 'keep') setOwn(result, key, doc[key])
    else if ('members' in node) {
      const value = keepValue(doc[key], node)
      if (value !== MISSING) setOwn(result, key, value)
    }
  }
  return result
}

/** Leaves out what the tree names. */
export function dropMembers(doc: Doc, tree: ProjectionTree): Doc {
  const result: Doc = {}
  for (const key of Object.keys(doc)) {
    const node = tree.get(key)
    if (node === 'drop') continue
    const value = doc[key]
    setOwn(
      result,
      key,
      typeof node === 'object' && 'members' in node ? dropValue(value, node.members) : value,
    )
  }
  return result
}

/**
 * A copy with the tree's computed members set: through documents and over every element of arrays; anything else in
 * the way becomes a document. A computed MISSING removes the member.
 */
export function computeMembers(doc: Doc, tree: ProjectionTree, frame: Frame): Doc {
  const result: Doc = { ...doc }
  for (const [key, node] of tree) {
    if (typeof node === 'string') continue
    if ('compute' in node) {
      const value = node.compute(frame)
      if (value !== MISSING) setOwn(result, key, value)
      else if (Object.hasOwn(result, key)) delete result[key]
    } else if (node.computes) {
      setOwn(result, key, computeValue(getOwn(result, key), node.members, frame))
    }
  }
  return result
}

/** True when the tree computes something, at any depth. */
export function hasComputed(tree: ProjectionTree): boolean {
  for (const node of tree.values()) {
    if (typeof node === 'object' && ('compute' in node || node.computes)) return true
  }
  return false
}

/** Puts a leaf into a tree. @throws DatabaseError 31249 or 31250 when it collides with another */
export function insertNode(tree: ProjectionTree, path: readonly string[], node: ProjectionNode): void {
  let at = tree
  const computes = typeof node === 'object'
  for (const [i, segment] of path.entries()) {
    const existing = at.get(segment)
    if (i === path.length - 1) {
      if (existing !== undefined) fail(31250, `Path collision at ${path.join('.')}`)
      at.set(segment, node)
      return
    }
    if (existing === undefined) {
      const branch: ProjectionBranch = { members: new Map(), computes }
      at.set(segment, branch)
      at = branch.members
    } else if (typeof existing === 'object' && 'members' in existing) {
      existing.computes ||= computes
      at = existing.members
    } else {
      fail(31249, `Path collision at ${path.join('.')} remaining portion ${path.slice(i + 1).join('.')}`)
    }
  }
}

// internals

function isOperator(value: Doc): boolean {
  return Object.keys(value)[0]?.startsWith('$') === true
}

/** A projection names an unknown operator right below a field in its own words. */
function refuseUnknown(value: Doc, values: 'flags' | 'literals'): void {
  const [name = ''] = Object.keys(value)
  if (values === 'flags' && name.startsWith('$') && !OPERATORS.has(name))
    fail(31325, `Unknown expression ${name}`)
}

function refuseEmpty(path: string, values: 'flags' | 'literals'): never {
  return values === 'flags'
    ? fail(51270, `An empty sub-projection is not a valid value. Found empty object at path ${path}`)
    : fail(40180, `an empty object is not a valid value. Found empty object at path ${path}`)
}

function keepValue(value: unknown, branch: ProjectionBranch): unknown {
  if (isDocument(value)) return keepMembers(value, branch.members)
  if (!Array.isArray(value)) return MISSING
  const elements = value.map((element) => keepValue(element, branch))
  // Where something is computed, it will take the places of the elements that are left out.
  return branch.computes ? elements : elements.filter((element) => element !== MISSING)
}

function dropValue(value: unknown, tree: ProjectionTree): unknown {
  if (isDocument(value)) return dropMembers(value, tree)
  return Array.isArray(value) ? value.map((element) => dropValue(element, tree)) : value
}

function computeValue(value: unknown, tree: ProjectionTree, frame: Frame): unknown {
  if (isDocument(value)) return computeMembers(value, tree, frame)
  if (Array.isArray(value)) return value.map((element) => computeValue(element, tree, frame))
  return computeMembers({}, tree, frame)
}
