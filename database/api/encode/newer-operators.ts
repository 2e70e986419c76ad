/**
 * uniCloud runs MongoDB 4.0. What came later works here (the embedded engine speaks 7.0) but would fail online, so it
 * is refused unless the project allows it (spec/database.md, introduction).
 */
import { DatabaseApiError } from '../errors.ts'
import { isDocument } from '../snapshot.ts'

/**
 * Refuses stages, expressions and accumulators newer than MongoDB 4.0.
 *
 * @throws DatabaseApiError DATABASE_INVALID_OPERRATOR
 */
export function refuseNewerStages(stages: readonly unknown[]): void {
  for (const stage of stages) {
    if (!isDocument(stage)) continue
    for (const [name, argument] of Object.entries(stage)) refuseNewerStage(name, argument)
  }
}

/** The same for the `$expr` parts of a filter. */
export function refuseNewerInFilter(filter: unknown): void {
  if (Array.isArray(filter)) for (const branch of filter) refuseNewerInFilter(branch)
  if (!isDocument(filter)) return
  for (const [name, operand] of Object.entries(filter)) {
    if (name === '$expr') refuseNewerExpressions(operand)
    else if (name === '$and' || name === '$or' || name === '$nor') refuseNewerInFilter(operand)
  }
}

// internals

const since = {
  stage: {
    $set: '4.2',
    $unset: '4.2',
    $replaceWith: '4.2',
    $merge: '4.2',
    $planCacheStats: '4.2',
    $unionWith: '4.4',
    $setWindowFields: '5.0',
    $densify: '5.1',
    $documents: '5.1',
    $fill: '5.3',
    $search: '6.0',
    $searchMeta: '6.0',
    $vectorSearch: '6.0',
  },
  accumulator: {
    $accumulator: '4.4',
    $count: '5.0',
    $bottom: '5.2',
    $bottomN: '5.2',
    $firstN: '5.2',
    $lastN: '5.2',
    $maxN: '5.2',
    $minN: '5.2',
    $top: '5.2',
    $topN: '5.2',
    $median: '7.0',
    $percentile: '7.0',
  },
  expression: {
    $round: '4.2',
    $regexFind: '4.2',
    $regexFindAll: '4.2',
    $regexMatch: '4.2',
    $sin: '4.2',
    $cos: '4.2',
    $tan: '4.2',
    $asin: '4.2',
    $acos: '4.2',
    $atan: '4.2',
    $atan2: '4.2',
    $asinh: '4.2',
    $acosh: '4.2',
    $atanh: '4.2',
    $sinh: '4.2',
    $cosh: '4.2',
    $tanh: '4.2',
    $degreesToRadians: '4.2',
    $radiansToDegrees: '4.2',
    $binarySize: '4.4',
    $bsonSize: '4.4',
    $first: '4.4',
    $last: '4.4',
    $function: '4.4',
    $isNumber: '4.4',
    $rand: '4.4',
    $replaceOne: '4.4',
    $replaceAll: '4.4',
    $sampleRate: '4.4',
    $dateAdd: '5.0',
    $dateSubtract: '5.0',
    $dateDiff: '5.0',
    $dateTrunc: '5.0',
    $getField: '5.0',
    $setField: '5.0',
    $unsetField: '5.0',
    $firstN: '5.2',
    $lastN: '5.2',
    $maxN: '5.2',
    $minN: '5.2',
    $sortArray: '5.2',
    $tsSecond: '5.1',
    $tsIncrement: '5.1',
    $bitAnd: '6.3',
    $bitOr: '6.3',
    $bitXor: '6.3',
    $bitNot: '6.3',
    $median: '7.0',
    $percentile: '7.0',
    $toUUID: '8.0',
  },
} as const satisfies Record<string, Record<string, string>>

type Kind = keyof typeof since

function refuseNewerStage(name: string, argument: unknown): void {
  check('stage', name)
  switch (name) {
    case '$match':
      refuseNewerInFilter(argument)
      return
    case '$group':
    case '$bucket':
    case '$bucketAuto':
      refuseInGroup(name, argument)
      return
    case '$lookup':
      refuseInLookup(argument)
      return
    case '$facet':
      if (!isDocument(argument)) return
      for (const stages of Object.values(argument)) if (Array.isArray(stages)) refuseNewerStages(stages)
      return
    case '$geoNear':
      if (isDocument(argument)) refuseNewerInFilter(argument.query)
      return
    default:
      refuseNewerExpressions(argument)
  }
}

function refuseInGroup(name: string, argument: unknown): void {
  if (!isDocument(argument)) return
  const { _id, groupBy, output, ...fields } = argument
  refuseNewerExpressions(_id)
  refuseNewerExpressions(groupBy)
  const accumulated = name === '$group' ? fields : output
  if (!isDocument(accumulated)) return
  for (const field of Object.values(accumulated)) {
    if (!isDocument(field)) continue
    for (const [operator, operand] of Object.entries(field)) {
      check('accumulator', operator)
      refuseNewerExpressions(operand)
    }
  }
}

function refuseInLookup(argument: unknown): void {
  if (!isDocument(argument) || !Array.isArray(argument.pipeline)) return
  if (argument.localField !== undefined || argument.foreignField !== undefined) {
    throw refusal('lookup with both localField/foreignField and a pipeline', '5.0')
  }
  refuseNewerExpressions(argument.let)
  refuseNewerStages(argument.pipeline)
}

function refuseNewerExpressions(expression: unknown): void {
  if (Array.isArray(expression)) for (const part of expression) refuseNewerExpressions(part)
  if (!isDocument(expression)) return
  for (const [name, operand] of Object.entries(expression)) {
    if (name === '$literal') continue
    if (name.startsWith('$')) check('expression', name)
    checkForm(name, operand)
    refuseNewerExpressions(operand)
  }
}

/** Forms that older operators learnt later. */
function checkForm(name: string, operand: unknown): void {
  if (name === '$trunc' && Array.isArray(operand) && operand.length > 1)
    throw refusal('$trunc with a place', '4.2')
  if (name === '$ifNull' && Array.isArray(operand) && operand.length > 2) {
    throw refusal('$ifNull with more than two operands', '5.0')
  }
  if (
    name === '$dateToString' &&
    isDocument(operand) &&
    /^([^%]|%[^bB])*%[bB]/.test(String(operand.format))
  ) {
    throw refusal('$dateToString with %b or %B', '7.0')
  }
  if (name === '$filter' && isDocument(operand) && 'limit' in operand) {
    throw refusal('$filter with limit', '5.2')
  }
}

function check(kind: Kind, name: string): void {
  const table: Readonly<Record<string, string>> = since[kind]
  if (Object.hasOwn(table, name)) throw refusal(`${kind} ${name}`, table[name]!)
}

function refusal(what: string, version: string): DatabaseApiError {
  return new DatabaseApiError(
    'DATABASE_INVALID_OPERRATOR',
    `${what} came with MongoDB ${version}; uniCloud runs 4.0 and does not know it. ` +
      'Set allowNewerOperators to use it here all the same',
  )
}
