import { fail } from '../../errors.ts'
import { compileFilter } from '../../match/index.ts'
import { TURN } from '../../pause.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { checkFieldName } from '../field-path.ts'
import { consume, emit, mapping } from '../flow.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$match`. */
export function matchStage(argument: unknown, { scope, textFields }: StageContext): Stage {
  if (!isDocument(argument)) return fail(15959, 'the match filter must be an expression in an object')
  const { now, let: variables, collation, random, scores } = scope.options
  const matcher = compileFilter(argument, {
    now,
    let: variables,
    collation,
    random,
    textFields: textFields(),
  })
  if (matcher.near) fail(5626500, '$geoNear, $near, and $nearSphere are not allowed in this context')
  return {
    match: argument,
    run: mapping((doc) => {
      if (!matcher.matches(doc)) return undefined
      if (matcher.textScore) scores?.note(doc, matcher.textScore(doc))
      return doc
    }),
  }
}

/** `$limit`. */
export function limitStage(argument: unknown): Stage {
  const limit = countArgument('$limit', 5107201, argument)
  if (limit === 0) fail(15958, 'the limit must be positive')
  return {
    limit,
    *run(input) {
      let left = limit
      for (const doc of input) {
        yield doc
        if (doc === TURN) continue
        left -= 1
        // Ends before the input is asked for a document that nobody wants.
        if (left === 0) return
      }
    },
  }
}

/** `$skip`. */
export function skipStage(argument: unknown): Stage {
  const skip = countArgument('$skip', 5107200, argument)
  return {
    skip,
    *run(input) {
      let left = skip
      for (const doc of input) {
        if (left === 0 || doc === TURN) yield doc
        else left -= 1
      }
    },
  }
}

/** `$count`: one document, or none for no input. */
export function countStage(argument: unknown): Stage {
  const field = countField(argument)
  return {
    *run(input) {
      let count = 0
      yield* consume(input, () => {
        count += 1
      })
      if (count > 0) yield { [field]: count }
    },
  }
}

/** `$sample`: distinct documents, chosen with equal chances (a reservoir), in random order. */
export function sampleStage(argument: unknown, { scope, turns }: StageContext): Stage {
  const size = sampleSize(argument)
  return {
    *run(input) {
      const chosen: Doc[] = []
      let seen = 0
      yield* consume(input, (doc) => {
        const place = Math.floor(scope.random() * (seen + 1))
        if (chosen.length < size) {
          // Inserting at a random place shuffles as it fills.
          chosen.push(chosen[place] ?? doc)
          chosen[place] = doc
        } else if (place < size) {
          chosen[place] = doc
        }
        seen += 1
      })
      yield* emit(chosen, turns, (doc) => doc)
    },
  }
}

// internals

function countArgument(name: string, code: number, argument: unknown): number {
  const refuse = (what: string) =>
    fail(code, `invalid argument to ${name} stage: ${what} in: ${name}: ${describeValue(argument)}`)
  if (!isNumber(argument)) return refuse('Expected a number')
  const whole = toSafeInteger(argument)
  if (whole === undefined) return refuse('Expected an integer')
  return whole < 0 ? refuse('Expected a non-negative number') : whole
}

function countField(argument: unknown): string {
  if (typeof argument !== 'string' || argument === '') {
    return fail(40156, 'the count field must be a non-empty string')
  }
  if (argument.startsWith('$')) fail(40158, 'the count field cannot be a $-prefixed path')
  if (argument.includes('\0')) fail(40159, 'the count field cannot contain a null byte')
  if (argument.includes('.')) fail(40160, "the count field cannot contain '.'")
  checkFieldName(argument)
  return argument
}

function sampleSize(argument: unknown): number {
  if (!isDocument(argument)) return fail(28745, 'the $sample stage specification must be an object')
  for (const member of Object.keys(argument)) {
    if (member !== 'size') fail(28748, `unrecognized option to $sample: ${member}`)
  }
  const { size } = argument
  if (size === undefined) return fail(28749, '$sample stage must specify a size')
  if (!isNumber(size))
    return fail(28746, `size argument to $sample must be a number, found ${bsonTypeName(size)}`)
  const count = Math.trunc(toDouble(size))
  return count > 0 ? count : fail(28747, 'size argument to $sample must be a positive integer')
}
