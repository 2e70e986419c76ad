import { DatabaseError } from '../../../command.ts'
import { databaseError, fail } from '../../errors.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { parseFieldPath } from '../field-path.ts'
import { mapping } from '../flow.ts'
import { createFrame } from '../scope.ts'
import {
  computeMembers,
  dropMembers,
  hasComputed,
  keepMembers,
  type ParsedProjection,
  type ProjectionTree,
  parseProjection,
} from './projection-tree.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$project`. */
export function projectStage(argument: unknown, { scope }: StageContext): Stage {
  if (!isDocument(argument)) return fail(15969, '$project specification must be an object')
  const parsed = named('$project', () => {
    if (Object.keys(argument).length === 0) {
      fail(51272, 'projection specification must have at least one field')
    }
    const read = parseProjection(argument, 'flags', scope)
    checkKinds(read)
    return read
  })
  return isExclusion(parsed) ? dropStage(parsed) : keepStage(parsed)
}

/** `$addFields` and `$set`. */
export function addFieldsStage(argument: unknown, { scope }: StageContext, name: string): Stage {
  if (!isDocument(argument)) {
    return fail(40272, `${name} specification stage must be an object, got ${bsonTypeName(argument)}`)
  }
  const { tree } = named(name, () => {
    if (Object.keys(argument).length === 0) fail(40177, 'specification must have at least one field')
    return parseProjection(argument, 'literals', scope)
  })
  const frame = createFrame()
  return {
    run: mapping((doc) => {
      frame.root = doc
      return computeMembers(doc, tree, frame)
    }),
  }
}

/** `$unset`. */
export function unsetStage(argument: unknown, { scope }: StageContext): Stage {
  const names = Array.isArray(argument) ? argument : [argument]
  if (!Array.isArray(argument) && typeof argument !== 'string') {
    fail(31002, '$unset specification must be a string or an array')
  }
  if (names.length === 0)
    fail(31119, '$unset specification must be a string or an array with at least one field')
  const spec: Doc = {}
  for (const name of names) {
    if (typeof name !== 'string') {
      return fail(31120, '$unset specification must be a string or an array containing only string values')
    }
    parseFieldPath(name)
    spec[name] = 0
  }
  return dropStage(named('$unset', () => parseProjection(spec, 'flags', scope)))
}

// internals

/** Errors in these stages name the stage, as on the server. */
function named<T>(stage: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    throw databaseError(error.code, `Invalid ${stage} :: caused by :: ${error.message}`, { cause: error })
  }
}

function isExclusion({ id, leaves }: ParsedProjection): boolean {
  const [first] = leaves
  return first === undefined ? id === 'drop' : first.kind === 'drop'
}

function checkKinds({ leaves }: ParsedProjection): void {
  const excluding = leaves[0]?.kind === 'drop'
  for (const { path, kind } of leaves) {
    if (excluding && kind === 'keep')
      fail(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
    if (excluding && kind === 'compute') {
      fail(31252, 'Cannot use expression other than $meta in exclusion projection')
    }
    if (!excluding && kind === 'drop')
      fail(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
  }
}

function dropStage({ tree, id }: ParsedProjection): Stage {
  const all: ProjectionTree = id === 'drop' ? new Map([...tree, ['_id', 'drop']]) : tree
  return { run: mapping((doc) => dropMembers(doc, all)) }
}

function keepStage({ tree, id }: ParsedProjection): Stage {
  const all: ProjectionTree = id === 'drop' || tree.has('_id') ? tree : new Map([['_id', 'keep'], ...tree])
  if (!hasComputed(tree)) return { run: mapping((doc) => keepMembers(doc, all)) }
  const frame = createFrame()
  return {
    run: mapping((doc) => {
      frame.root = doc
      return computeMembers(keepMembers(doc, all), tree, frame)
    }),
  }
}
