import type { Sample } from './sample.ts'

/**
 * Operators every server from 3.6 on has; without `$sqrt`, `$ln` and their like, which give 34 digits of a decimal there
 * and 15 here.
 */
export function randomExpression(sample: Sample, depth: number): unknown {
  if (depth === 0 || sample.chance(0.15)) return leaf(sample)
  const [name, arity] = sample.pick(operators)
  const part = () => randomExpression(sample, depth - 1)
  if (typeof arity === 'number') {
    const parts = Array.from({ length: arity }, part)
    return { [name]: arity === 1 && sample.chance(0.5) ? parts[0] : parts }
  }
  return { [name]: arity(part, sample) }
}

// internals

type Arguments = (part: () => unknown, sample: Sample) => unknown

function leaf(sample: Sample): unknown {
  if (sample.chance(0.7)) return `$${sample.path()}`
  if (sample.chance(0.1)) return sample.pick(['$$ROOT', '$$CURRENT.a', '$$REMOVE'])
  // Not a literal: what is constant a server computes beforehand, and fails at once.
  return sample.pick(['$k0', '$k1', '$k2'])
}

const some: Arguments = (part, sample) => Array.from({ length: 1 + sample.integer(3) }, part)
const dateParts = '%Y-%m-%dT%H:%M:%S.%L %j %u %U %V %G %%'

const operators: readonly (readonly [string, number | Arguments])[] = [
  ['$add', some],
  ['$multiply', some],
  ['$subtract', 2],
  ['$divide', 2],
  ['$mod', 2],
  ['$abs', 1],
  ['$ceil', 1],
  ['$floor', 1],
  ['$and', some],
  ['$or', some],
  ['$not', 1],
  ['$eq', 2],
  ['$ne', 2],
  ['$gt', 2],
  ['$gte', 2],
  ['$lt', 2],
  ['$cmp', 2],
  ['$cond', 3],
  ['$ifNull', 2],
  // biome-ignore lint/suspicious/noThenProperty: the name `$switch` wants
  ['$switch', (part) => ({ branches: [{ case: part(), then: part() }], default: part() })],
  ['$concat', some],
  ['$toUpper', 1],
  ['$toLower', 1],
  ['$strLenCP', 1],
  ['$strLenBytes', 1],
  ['$strcasecmp', 2],
  ['$substrCP', (_, sample) => ['$t', sample.integer(3), sample.integer(4)]],
  ['$substrBytes', (_, sample) => ['$t', sample.integer(3), sample.pick([0, 1, 2])]],
  ['$indexOfCP', 2],
  ['$indexOfBytes', 2],
  ['$split', (part, sample) => [part(), sample.pick(['a', ' ', 'b'])]],
  ['$arrayElemAt', (part, sample) => [part(), sample.pick([0, 1, -1, 9])]],
  ['$concatArrays', some],
  ['$isArray', (part) => [part()]],
  ['$size', 1],
  ['$slice', (part, sample) => [part(), sample.pick([0, 1, -1, 2])]],
  ['$slice', (part, sample) => [part(), sample.pick([0, 1, -1, 9]), 2]],
  ['$reverseArray', 1],
  ['$in', 2],
  ['$indexOfArray', 2],
  ['$range', (_, sample) => ['$_id', sample.integer(6), sample.pick([1, 2, -1])]],
  [
    '$zip',
    (part, sample) => ({
      inputs: [part(), part()],
      ...(sample.chance(0.5) ? { useLongestLength: true, defaults: [0, 'x'] } : {}),
    }),
  ],
  [
    '$filter',
    (part, sample) => ({
      input: part(),
      as: 'i',
      cond: { [sample.pick(['$gt', '$eq', '$lt'])]: ['$$i', part()] },
    }),
  ],
  [
    '$map',
    (part, sample) => ({
      input: part(),
      as: 'i',
      in: sample.pick(['$$i', '$$i.a', { $ifNull: ['$$i.b', '$$i'] }]),
    }),
  ],
  [
    '$reduce',
    (part, sample) => ({
      input: part(),
      initialValue: sample.pick([0, [], null]),
      in: sample.pick([
        { $concatArrays: ['$$value', ['$$this']] },
        { $ifNull: ['$$this', '$$value'] },
        { $cmp: ['$$value', '$$this'] },
      ]),
    }),
  ],
  ['$setEquals', 2],
  ['$setIsSubset', 2],
  ['$anyElementTrue', (part) => [part()]],
  ['$allElementsTrue', (part) => [part()]],
  ['$objectToArray', 1],
  ['$arrayToObject', (part) => ({ $map: { input: part(), as: 'i', in: { k: 'k', v: '$$i' } } })],
  ['$mergeObjects', some],
  // Of what is stored; computed integers may be of another kind here (spec/embedded-database.md §5).
  ['$type', (_, sample) => `$${sample.path()}`],
  ['$let', (part) => ({ vars: { v: part() }, in: { $ifNull: ['$$v', '$$v.a'] } })],
  ['$sum', some],
  ['$sum', 1],
  ['$avg', 1],
  ['$min', some],
  ['$max', 1],
  ['$stdDevPop', 1],
  ['$year', () => '$d'],
  ['$month', 1],
  ['$dayOfYear', () => '$d'],
  ['$week', () => '$d'],
  ['$isoWeek', () => '$d'],
  ['$hour', () => ({ date: '$d', timezone: '+05:30' })],
  ['$dateToString', () => ({ date: '$d', format: dateParts })],
  ['$dateToString', (part) => ({ date: part(), format: '%Y', timezone: 'America/New_York' })],
  ['$dateToParts', (_, sample) => ({ date: '$d', iso8601: sample.chance(0.5), timezone: 'Asia/Shanghai' })],
  ['$dateFromString', () => ({ dateString: '$t' })],
] satisfies readonly (readonly [string, number | Arguments])[]
