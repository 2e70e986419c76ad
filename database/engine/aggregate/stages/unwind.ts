import { fail } from '../../errors.ts'
import { TURN, type Turns } from '../../pause.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { getNested, setNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import type { Flow } from '../flow.ts'
import type { Stage, StageContext } from './stage.ts'

interface UnwindOptions {
  path: readonly string[]
  preserve: boolean
  index: readonly string[] | undefined
}

/** `$unwind`. An empty array that is preserved loses the field; a scalar is a row of its own, with index null. */
export function unwindStage(argument: unknown, { turns }: StageContext): Stage {
  const options = readOptions(argument)
  return {
    *run(input) {
      for (const doc of input) {
        if (doc === TURN) yield doc
        else yield* unwound(doc, options, turns)
      }
    },
  }
}

// internals

function* unwound(doc: Doc, { path, preserve, index }: UnwindOptions, turns: Turns): Flow {
  const value = getNested(doc, path)
  if (Array.isArray(value) && value.length > 0) {
    for (let i = 0; i < value.length; i += 1) {
      if (turns.due()) yield TURN
      const row = setNested(doc, path, value[i])
      yield index ? setNested(row, index, i) : row
    }
    return
  }
  const empty = value === MISSING || value === null || Array.isArray(value)
  if (empty && !preserve) return
  const row = Array.isArray(value) ? setNested(doc, path, MISSING) : doc
  yield index ? setNested(row, index, null) : row
}

function readOptions(argument: unknown): UnwindOptions {
  if (typeof argument === 'string') return { path: readPath(argument), preserve: false, index: undefined }
  if (!isDocument(argument)) {
    return fail(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${bsonTypeName(argument)}`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(member)) {
      fail(28811, `unrecognized option to $unwind stage: ${member}`)
    }
  }
  const { path, preserveNullAndEmptyArrays: preserve = false, includeArrayIndex: index } = argument
  if (path === undefined) return fail(28812, 'no path specified to $unwind stage')
  if (typeof path !== 'string') {
    return fail(28808, `expected a string as the path for $unwind stage, got ${bsonTypeName(path)}`)
  }
  if (typeof preserve !== 'boolean') {
    return fail(
      28809,
      `expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got ${bsonTypeName(preserve)}`,
    )
  }
  return { path: readPath(path), preserve, index: index === undefined ? undefined : readIndex(index) }
}

function readPath(path: string): string[] {
  if (path.length < 2 || !path.startsWith('$')) {
    fail(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`)
  }
  return parseFieldPath(path.slice(1))
}

function readIndex(index: unknown): string[] {
  if (typeof index !== 'string' || index === '') {
    return fail(
      28810,
      `expected a non-empty string for the includeArrayIndex option to $unwind  stage, got ${bsonTypeName(index)}`,
    )
  }
  if (index.startsWith('$')) {
    fail(28822, `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`)
  }
  return parseFieldPath(index)
}
