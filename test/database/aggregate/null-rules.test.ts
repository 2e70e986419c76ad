import { describe, expect, test } from 'vitest'
import { codeOf, evaluate } from './support.ts'

/**
 * What null and missing operands do to every operator (spec/database.md §10): one table, each row run with null and
 * with a missing field in the marked place.
 */

const X = '$x'

/** Operators whose result is null when the marked operand is null or missing. */
const NULL_IN_NULL_OUT: Array<[name: string, expression: unknown]> = [
  ['$abs', { $abs: X }],
  ['$add first', { $add: [X, 1] }],
  ['$add last', { $add: [1, 2, X] }],
  ['$arrayElemAt array', { $arrayElemAt: [X, 0] }],
  ['$arrayElemAt index', { $arrayElemAt: [[1], X] }],
  ['$arrayToObject', { $arrayToObject: X }],
  ['$atan2', { $atan2: [X, 1] }],
  ['$binarySize', { $binarySize: X }],
  ['$bitAnd', { $bitAnd: [1, X] }],
  ['$bitNot', { $bitNot: X }],
  ['$bsonSize', { $bsonSize: X }],
  ['$ceil', { $ceil: X }],
  ['$concat', { $concat: ['a', X] }],
  ['$concatArrays', { $concatArrays: [[1], X] }],
  ['$convert', { $convert: { input: X, to: 'int' } }],
  ['$convert to', { $convert: { input: 1, to: X } }],
  ['$cos', { $cos: X }],
  ['$dateAdd date', { $dateAdd: { startDate: X, unit: 'day', amount: 1 } }],
  ['$dateAdd amount', { $dateAdd: { startDate: new Date(0), unit: 'day', amount: X } }],
  ['$dateDiff', { $dateDiff: { startDate: X, endDate: new Date(0), unit: 'day' } }],
  [
    '$dateDiff week',
    { $dateDiff: { startDate: new Date(0), endDate: new Date(0), unit: 'week', startOfWeek: X } },
  ],
  ['$dateFromParts', { $dateFromParts: { year: 2020, month: X } }],
  ['$dateFromString', { $dateFromString: { dateString: X } }],
  ['$dateFromString zone', { $dateFromString: { dateString: '2020-01-01', timezone: X } }],
  ['$dateToParts', { $dateToParts: { date: X } }],
  ['$dateToString', { $dateToString: { date: X, format: '%Y' } }],
  ['$dateToString zone', { $dateToString: { date: new Date(0), timezone: X } }],
  ['$dateTrunc', { $dateTrunc: { date: X, unit: 'day' } }],
  ['$dateTrunc size', { $dateTrunc: { date: new Date(0), unit: 'day', binSize: X } }],
  ['$dayOfMonth', { $dayOfMonth: X }],
  ['$divide', { $divide: [X, 2] }],
  ['$divide by', { $divide: [2, X] }],
  ['$exp', { $exp: X }],
  ['$filter', { $filter: { input: X, cond: true } }],
  ['$first', { $first: X }],
  ['$floor', { $floor: X }],
  ['$indexOfArray', { $indexOfArray: [X, 1] }],
  ['$indexOfBytes', { $indexOfBytes: [X, 'a'] }],
  ['$indexOfCP', { $indexOfCP: [X, 'a'] }],
  ['$last', { $last: X }],
  ['$ln', { $ln: X }],
  ['$log', { $log: [X, 2] }],
  ['$log10', { $log10: X }],
  ['$ltrim', { $ltrim: { input: X } }],
  ['$map', { $map: { input: X, in: 1 } }],
  ['$maxN', { $maxN: { input: X, n: 1 } }],
  ['$mod', { $mod: [X, 2] }],
  ['$multiply', { $multiply: [2, X] }],
  ['$objectToArray', { $objectToArray: X }],
  ['$pow', { $pow: [X, 2] }],
  ['$reduce', { $reduce: { input: X, initialValue: 0, in: 1 } }],
  ['$replaceAll', { $replaceAll: { input: X, find: 'a', replacement: 'b' } }],
  ['$replaceOne find', { $replaceOne: { input: 'a', find: X, replacement: 'b' } }],
  ['$reverseArray', { $reverseArray: X }],
  ['$round', { $round: [X, 1] }],
  ['$round place', { $round: [1.5, X] }],
  ['$setDifference', { $setDifference: [[1], X] }],
  ['$setField', { $setField: { field: 'a', input: X, value: 1 } }],
  ['$setIntersection', { $setIntersection: [[1], X] }],
  ['$setUnion', { $setUnion: [X, [1]] }],
  ['$slice', { $slice: [X, 1] }],
  ['$slice count', { $slice: [[1], X] }],
  ['$sortArray', { $sortArray: { input: X, sortBy: 1 } }],
  ['$split', { $split: [X, ','] }],
  ['$split separator', { $split: ['a', X] }],
  ['$sqrt', { $sqrt: X }],
  ['$subtract', { $subtract: [X, 1] }],
  ['$subtract date', { $subtract: [new Date(0), X] }],
  ['$toBool', { $toBool: X }],
  ['$toDate', { $toDate: X }],
  ['$toObjectId', { $toObjectId: X }],
  ['$toString', { $toString: X }],
  ['$trim', { $trim: { input: X } }],
  ['$trim chars', { $trim: { input: 'a', chars: X } }],
  ['$trunc', { $trunc: X }],
  ['$tsSecond', { $tsSecond: X }],
  ['$year', { $year: X }],
  ['$year zone', { $year: { date: new Date(0), timezone: X } }],
  ['$zip', { $zip: { inputs: [[1], X] } }],
  ['$min', { $min: [X, X] }],
  ['$avg', { $avg: [X, X] }],
  ['$stdDevPop', { $stdDevPop: X }],
  ['$regexFind', { $regexFind: { input: X, regex: 'a' } }],
]

/** Operators with another answer to nothing. */
const OWN_ANSWER: Array<[name: string, expression: unknown, answer: unknown]> = [
  ['$and', { $and: [X, true] }, false],
  ['$or', { $or: [X, false] }, false],
  ['$not', { $not: X }, true],
  ['$cond', { $cond: [X, 1, 2] }, 2],
  ['$ifNull', { $ifNull: [X, 'd'] }, 'd'],
  ['$isArray', { $isArray: X }, false],
  ['$isNumber', { $isNumber: X }, false],
  ['$toLower', { $toLower: X }, ''],
  ['$toUpper', { $toUpper: X }, ''],
  ['$substrBytes', { $substrBytes: [X, 0, 2] }, ''],
  ['$substrCP', { $substrCP: [X, 0, 2] }, ''],
  ['$strcasecmp', { $strcasecmp: [X, ''] }, 0],
  ['$sum', { $sum: [X, 2] }, 2],
  ['$max', { $max: [X, 2] }, 2],
  ['$mergeObjects', { $mergeObjects: [X, { a: 1 }] }, { a: 1 }],
  ['$regexMatch', { $regexMatch: { input: X, regex: 'a' } }, false],
  ['$regexFindAll', { $regexFindAll: { input: X, regex: 'a' } }, []],
  ['$map element', { $map: { input: [1], in: X } }, [null]],
  ['list', [X, 1], [null, 1]],
  ['$dateToString onNull', { $dateToString: { date: X, onNull: '-' } }, '-'],
  ['$dateFromString onNull', { $dateFromString: { dateString: X, onNull: '-' } }, '-'],
  ['$convert onNull', { $convert: { input: X, to: 'int', onNull: 0 } }, 0],
  ['$zip default', { $zip: { inputs: [[1], []], useLongestLength: true, defaults: [X, X] } }, [[1, null]]],
]

/** Operators that refuse nothing. */
const REFUSED: Array<[name: string, expression: unknown, code: number]> = [
  ['$size', { $size: X }, 17124],
  ['$in', { $in: [1, X] }, 40081],
  ['$strLenCP', { $strLenCP: X }, 34471],
  ['$strLenBytes', { $strLenBytes: X }, 34473],
  ['$allElementsTrue', { $allElementsTrue: X }, 17040],
  ['$anyElementTrue', { $anyElementTrue: X }, 17041],
  ['$setEquals', { $setEquals: [[1], X] }, 17044],
  ['$setIsSubset', { $setIsSubset: [X, [1]] }, 17046],
  ['$range', { $range: [X, 2] }, 34443],
  ['$indexOfCP part', { $indexOfCP: ['a', X] }, 40094],
]

const NOTHING: Array<[name: string, doc: Record<string, unknown>]> = [
  ['null', { x: null }],
  ['missing', {}],
]

describe.each(NOTHING)('%s', (_kind, doc) => {
  test.each(NULL_IN_NULL_OUT)('%s gives null', (_name, expression) => {
    expect(evaluate(expression, doc)).toBe(null)
  })

  test.each(OWN_ANSWER)('%s has its own answer', (_name, expression, answer) => {
    expect(evaluate(expression, doc)).toEqual(answer)
  })

  test.each(REFUSED)('%s refuses it', (_name, expression, code) => {
    expect(codeOf(() => evaluate(expression, doc))).toBe(code)
  })
})

test('missing and null part ways where values are compared or passed on', () => {
  const doc = { n: null }
  expect(evaluate({ $eq: ['$x', null] }, doc)).toBe(false)
  expect(evaluate({ $eq: ['$n', null] }, doc)).toBe(true)
  expect(evaluate({ $lt: ['$x', '$n'] }, doc)).toBe(true)
  expect(evaluate({ $type: '$x' }, doc)).toBe('missing')
  expect(evaluate('$x', doc)).toBe(undefined)
  expect(evaluate({ a: '$x', b: '$n' }, doc)).toEqual({ b: null })
  expect(evaluate({ $getField: { field: 'q', input: '$x' } }, doc)).toBe(undefined)
  expect(evaluate({ $getField: { field: 'q', input: '$n' } }, doc)).toBe(null)
})
