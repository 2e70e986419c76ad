import { expect, test } from 'vitest'
import type { Doc } from '../../../database/engine/values/types.ts'
import { aggregate, codeOf, frozen } from './support.ts'

/** `$setWindowFields`, `$fill`, `$densify`. */

const ROWS: Doc[] = frozen([
  { _id: 1, g: 'a', t: 1, v: 10 },
  { _id: 2, g: 'b', t: 1, v: 5 },
  { _id: 3, g: 'a', t: 3, v: 20 },
  { _id: 4, g: 'a', t: 3, v: 30 },
  { _id: 5, g: 'a', t: 7, v: null },
])

/** The new field of each row, by `_id`. */
function column(
  output: Doc,
  { sortBy = { t: 1 } as Doc, docs = ROWS, partitionBy = '$g' as unknown } = {},
): unknown[] {
  const rows = aggregate(docs, [
    { $setWindowFields: { partitionBy, sortBy, output: { x: output } } },
    { $sort: { _id: 1 } },
  ])
  return rows.map(({ x }) => x)
}

const documents = (low: unknown, high: unknown) => ({ window: { documents: [low, high] } })
const range = (low: unknown, high: unknown, unit?: string) => ({
  window: { range: [low, high], ...(unit ? { unit } : {}) },
})

test.each<[name: string, output: Doc, values: unknown[]]>([
  ['whole partition', { $sum: '$v' }, [60, 5, 60, 60, 60]],
  ['running sum', { $sum: '$v', ...documents('unbounded', 'current') }, [10, 5, 30, 60, 60]],
  ['rest', { $sum: '$v', ...documents('current', 'unbounded') }, [60, 5, 50, 30, 0]],
  ['neighbours', { $push: '$_id', ...documents(-1, 1) }, [[1, 3], [2], [1, 3, 4], [3, 4, 5], [4, 5]]],
  ['only before', { $push: '$_id', ...documents(-2, -1) }, [[], [], [1], [1, 3], [3, 4]]],
  ['beyond the end', { $max: '$v', ...documents(2, 3) }, [30, null, null, null, null]],
  ['range of values', { $push: '$_id', ...range(-2, 0) }, [[1], [2], [1, 3, 4], [1, 3, 4], [5]]],
  ['range to the end', { $count: {}, ...range('current', 'unbounded') }, [4, 1, 3, 3, 1]],
  ['first', { $first: '$v', ...documents('unbounded', 'current') }, [10, 5, 10, 10, 10]],
  [
    '$topN',
    { $topN: { n: 1, sortBy: { v: -1 }, output: '$v' }, ...documents('unbounded', 'current') },
    [[10], [5], [20], [30], [30]],
  ],
  ['$addToSet', { $addToSet: '$t' }, [[1, 3, 7], [1], [1, 3, 7], [1, 3, 7], [1, 3, 7]]],
  ['$rank', { $rank: {} }, [1, 1, 2, 2, 4]],
  ['$denseRank', { $denseRank: {} }, [1, 1, 2, 2, 3]],
  ['$documentNumber', { $documentNumber: {} }, [1, 1, 2, 3, 4]],
  ['$shift', { $shift: { output: '$v', by: 1, default: 'none' } }, [20, 'none', 30, null, 'none']],
  ['$shift back', { $shift: { output: '$_id', by: -1 } }, [null, null, 1, 3, 4]],
  ['$expMovingAvg', { $expMovingAvg: { input: '$v', N: 3 } }, [10, 5, 15, 22.5, null]],
  ['$locf', { $locf: '$v' }, [10, 5, 20, 30, 30]],
  ['$covariancePop', { $covariancePop: ['$_id', '$v'] }, [10, 0, 10, 10, 10]],
])('%s', (_name, output, values) => {
  expect(column(output)).toEqual(values)
})

test('ranges over dates count in units', () => {
  const day = (n: number) => new Date(Date.UTC(2020, 0, n))
  const docs = [1, 2, 4, 31].map((n) => ({ _id: n, at: day(n) }))
  const near = { $push: '$_id', ...range(-2, 0, 'day') }
  expect(column(near, { docs, sortBy: { at: 1 }, partitionBy: null })).toEqual([[1], [1, 2], [2, 4], [31]])
  const rate = { $derivative: { input: '$_id', unit: 'day' }, ...documents(-1, 0) }
  expect(column(rate, { docs, sortBy: { at: 1 }, partitionBy: null })).toEqual([null, 1, 1, 1])
  const area = { $integral: { input: '$_id', unit: 'day' }, ...documents('unbounded', 'current') }
  expect(column(area, { docs, sortBy: { at: 1 }, partitionBy: null })).toEqual([0, 1.5, 7.5, 480])
})

test('results come by partition, then sorted; missing partitions count as null', () => {
  const docs = [{ _id: 1, g: 'b' }, { _id: 2 }, { _id: 3, g: 'a' }, { _id: 4, g: null }]
  const rows = aggregate(docs, [
    { $setWindowFields: { partitionBy: '$g', sortBy: { _id: -1 }, output: { 'n.x': { $sum: 1 } } } },
  ])
  expect(rows).toEqual([
    { _id: 4, g: null, n: { x: 2 } },
    { _id: 2, n: { x: 2 } },
    { _id: 3, g: 'a', n: { x: 1 } },
    { _id: 1, g: 'b', n: { x: 1 } },
  ])
})

test.each<[name: string, stage: Doc, code: number]>([
  ['unknown member', { output: {}, foo: 1 }, 40415],
  ['without output', { sortBy: { t: 1 } }, 40414],
  ['unknown function', { output: { x: { $nope: 1 } } }, 9],
  ['no function', { output: { x: { window: {} } } }, 9],
  ['partition by a list', { partitionBy: ['$g'], output: { x: { $sum: 1 } } }, 14],
  ['documents without sort', { output: { x: { $sum: 1, ...documents(-1, 0) } } }, 5339901],
  ['range without sort', { output: { x: { $sum: 1, ...range(-1, 0) } } }, 5339902],
  ['bounds the wrong way', { sortBy: { t: 1 }, output: { x: { $sum: 1, ...documents(1, 0) } } }, 5339900],
  ['bounds fraction', { sortBy: { t: 1 }, output: { x: { $sum: 1, ...documents(0.5, 1) } } }, 9],
  ['range over text', { sortBy: { g: 1 }, output: { x: { $sum: 1, ...range(-1, 0) } } }, 5429414],
  ['$rank without sort', { output: { x: { $rank: {} } } }, 5371602],
  ['$rank window', { sortBy: { t: 1 }, output: { x: { $rank: {}, ...documents(0, 1) } } }, 5371601],
  ['$rank argument', { sortBy: { t: 1 }, output: { x: { $rank: 1 } } }, 5371603],
  ['$shift without by', { sortBy: { t: 1 }, output: { x: { $shift: { output: 1 } } } }, 9],
  ['$linearFill repeated', { sortBy: { t: 1 }, output: { x: { $linearFill: '$v' } } }, 6050106],
])('$setWindowFields refuses %s', (_name, stage, code) => {
  expect(codeOf(() => aggregate(ROWS, [{ $setWindowFields: stage }]))).toBe(code)
})

test('$fill by value, with the last and along a line', () => {
  const docs: Doc[] = frozen([
    { _id: 1, t: 0, a: 1, b: 10 },
    { _id: 2, t: 1, a: null },
    { _id: 3, t: 4, b: 50 },
    { _id: 4, t: 9, a: 4, b: null },
  ])
  const output = { a: { method: 'locf' }, b: { method: 'linear' }, c: { value: { $add: ['$t', 1] } } }
  expect(aggregate(docs, [{ $fill: { sortBy: { t: 1 }, output } }])).toEqual([
    { _id: 1, t: 0, a: 1, b: 10, c: 1 },
    { _id: 2, t: 1, a: 1, b: 20, c: 2 },
    { _id: 3, t: 4, a: 1, b: 50, c: 5 },
    { _id: 4, t: 9, a: 4, b: null, c: 10 },
  ])
})

test('$fill by partition fields', () => {
  const docs = [
    { _id: 1, g: 'a', v: 1 },
    { _id: 2, g: 'b' },
    { _id: 3, g: 'a' },
  ]
  const rows = aggregate(docs, [
    { $fill: { partitionByFields: ['g'], sortBy: { _id: 1 }, output: { v: { method: 'locf' } } } },
  ])
  expect(rows.map(({ _id, v }) => [_id, v])).toEqual([
    [1, 1],
    [3, 1],
    [2, null],
  ])
})

const densify = (
  docs: Doc[],
  field: string,
  bounds: unknown,
  more: object = { step: 1 },
  fields?: string[],
) =>
  aggregate(frozen(docs), [
    { $densify: { field, range: { bounds, ...more }, ...(fields ? { partitionByFields: fields } : {}) } },
  ])

test('$densify over all, over a partition, over a range', () => {
  const docs = [
    { _id: 1, g: 'a', n: 1 },
    { _id: 2, g: 'a', n: 4 },
    { _id: 3, g: 'b', n: 2 },
  ]
  expect(densify(docs, 'n', 'full').map(({ n }) => n)).toEqual([1, 2, 3, 4])
  expect(densify(docs, 'n', 'partition', { step: 1 }, ['g']).map(({ g, n }) => `${g}${n}`)).toEqual([
    'a1',
    'a2',
    'a3',
    'a4',
    'b2',
  ])
  expect(
    densify(docs, 'n', 'full', { step: 1 }, ['g'])
      .map(({ g, n }) => `${g}${n}`)
      .sort(),
  ).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4'])
  expect(densify(docs, 'n', [0, 3]).map(({ n }) => n)).toEqual([0, 1, 2, 4])
  expect(densify([], 'n', [0, 2])).toEqual([{ n: 0 }, { n: 1 }])
})

test('$densify over dates', () => {
  const docs = [{ _id: 1, at: new Date('2020-01-31') }, { _id: 2, at: new Date('2020-04-30') }, { _id: 3 }]
  const months = densify(docs, 'at', 'full', { step: 1, unit: 'month' }).map(({ at }) =>
    (at as Date | undefined)?.toISOString().slice(0, 10),
  )
  expect(months).toEqual([undefined, '2020-01-31', '2020-02-29', '2020-03-31', '2020-04-30'])
})

test.each<[name: string, docs: Doc[], range: Doc, code: number]>([
  ['text', [{ _id: 1, n: 'x' }], { bounds: 'full', step: 1 }, 5733201],
  ['date without unit', [{ _id: 1, n: new Date(0) }], { bounds: 'full', step: 1 }, 6053600],
  ['number with unit', [{ _id: 1, n: 1 }], { bounds: 'full', step: 1, unit: 'day' }, 6053600],
  ['step', [], { bounds: 'full', step: 0 }, 5733401],
  ['bounds word', [], { bounds: 'some', step: 1 }, 5946802],
  ['partition without fields', [], { bounds: 'partition', step: 1 }, 5733408],
  ['bounds order', [], { bounds: [2, 1], step: 1 }, 5733402],
  ['kinds of numbers', [], { bounds: [1, 2], step: 0.5 }, 5876900],
  [
    'too many',
    [
      { _id: 1, n: 0 },
      { _id: 2, n: 1e6 },
    ],
    { bounds: 'full', step: 1 },
    5897900,
  ],
])('$densify refuses %s', (_name, docs, range_, code) => {
  expect(codeOf(() => aggregate(docs, [{ $densify: { field: 'n', range: range_ } }]))).toBe(code)
})
