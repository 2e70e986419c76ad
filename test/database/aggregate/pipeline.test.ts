import { describe, expect, test } from 'vitest'
import {
  compilePipeline,
  type MergeWrites,
  type PipelineEnv,
} from '../../../database/engine/aggregate/pipeline.ts'
import { equalityOf } from '../../../database/engine/aggregate/stages/equality-hint.ts'
import type { Doc } from '../../../database/engine/values/types.ts'
import { aggregate, codeOf, frozen, NOW } from './support.ts'

/** What a pipeline tells about itself, how it reads, and what `$out` and `$merge` ask for. */

function compile(stages: unknown[], env: Partial<PipelineEnv> = {}) {
  return compilePipeline(stages, { database: 'd', collection: 'c', now: NOW, read: () => [], ...env })
}

describe('the beginning of a pipeline', () => {
  test.each<[name: string, stages: unknown[], beginning: object]>([
    ['match', [{ $match: { a: 1 } }, { $count: 'n' }], { leadingMatch: { a: 1 } }],
    [
      'several matches',
      [{ $match: { a: 1 } }, { $match: { b: 2 } }],
      { leadingMatch: { $and: [{ a: 1 }, { b: 2 }] } },
    ],
    [
      'match and sort',
      [{ $match: { a: 1 } }, { $sort: { b: 1 } }, { $skip: 2 }, { $limit: 3 }],
      { leadingMatch: { a: 1 }, leadingSort: { b: 1 }, leadingLimit: 5 },
    ],
    ['sort', [{ $sort: { b: 1 } }, { $unwind: '$x' }, { $limit: 3 }], { leadingSort: { b: 1 } }],
    ['limit', [{ $limit: 3 }, { $match: { a: 1 } }], { leadingLimit: 3 }],
    ['other', [{ $unwind: '$x' }, { $match: { a: 1 } }], {}],
    ['source', [{ $documents: [] }], { source: true }],
    [
      'geoNear',
      [{ $geoNear: { near: [0, 0], distanceField: 'd', key: 'loc', query: { a: 1 } } }],
      { leadingMatch: { a: 1 }, near: { path: 'loc' } },
    ],
  ])('%s', (_name, stages, beginning) => {
    const { leadingMatch, leadingSort, leadingLimit, source, near } = compile(stages)
    const none = {
      leadingMatch: undefined,
      leadingSort: undefined,
      leadingLimit: undefined,
      source: false,
      near: undefined,
    }
    expect({ leadingMatch, leadingSort, leadingLimit, source, near }).toEqual({ ...none, ...beginning })
  })

  test('what is done already is not done again', () => {
    const pipeline = compile([{ $match: { a: 1 } }, { $sort: { b: 1 } }, { $limit: 2 }])
    const input = [
      { _id: 1, b: 2 },
      { _id: 2, b: 1 },
      { _id: 3, b: 0 },
    ]
    expect([...pipeline.run(input, { matched: true, sorted: true })]).toEqual(input.slice(0, 2))
    expect([...pipeline.run(input, { matched: true })].map(({ _id }) => _id)).toEqual([3, 2])
    expect([...pipeline.run(input)]).toEqual([])
  })
})

test('reads no more than is asked for', () => {
  let read = 0
  function* input(): Iterable<Doc> {
    for (;;) {
      read += 1
      yield { _id: read, l: [1, 2] }
    }
  }
  const pipeline = compile([
    { $match: { _id: { $gt: 1 } } },
    { $unwind: '$l' },
    { $project: { l: 1 } },
    { $limit: 3 },
  ])
  const results = pipeline.run(input())
  expect(read).toBe(0)
  expect([...results].map(({ l }) => l)).toEqual([1, 2, 1])
  expect(read).toBe(3)
})

test('$group keeps accumulators, not documents', () => {
  const registry: string[] = []
  function* input(): Iterable<Doc> {
    for (let i = 0; i < 3; i += 1) {
      registry.push(`read ${i}`)
      yield { _id: i, k: i % 2 }
    }
  }
  const [group] = compile([{ $group: { _id: '$k', n: { $sum: 1 } } }]).run(input())
  expect(group).toEqual({ _id: 0, n: 2 })
  expect(registry).toHaveLength(3)
})

test('input documents are never changed nor shared in their changed parts', () => {
  const docs = frozen([{ _id: 1, a: { b: [{ c: 1 }, { c: 2 }] }, l: [3, 1] }])
  const rows = aggregate(docs, [
    { $addFields: { 'a.b.d': 1, 'a.x': 2, s: { $sortArray: { input: '$l', sortBy: 1 } } } },
    { $unwind: '$a.b' },
    { $set: { 'a.b.e': 5 } },
    { $project: { 'a.b.c': 0 } },
    { $setWindowFields: { output: { n: { $sum: 1 } } } },
    { $fill: { output: { q: { value: 1 } } } },
  ])
  expect(rows.map(({ a }) => a)).toEqual([
    { b: { d: 1, e: 5 }, x: 2 },
    { b: { d: 1, e: 5 }, x: 2 },
  ])
  expect(docs).toEqual([{ _id: 1, a: { b: [{ c: 1 }, { c: 2 }] }, l: [3, 1] }])
})

test('hostile field names are names', () => {
  const doc = JSON.parse('{"_id":1,"__proto__":{"a":1},"constructor":{"b":2}}') as Doc
  const [row] = aggregate([doc], [{ $addFields: { x: '$constructor.b', y: '$__proto__.a', z: '$toString' } }])
  expect(row).toMatchObject({ x: 2, y: 1 })
  expect(Object.hasOwn(row!, 'z')).toBe(false)
  expect(Object.keys(aggregate([doc], [{ $project: { __proto__: 1, constructor: 1 } }])[0]!)).toContain(
    'constructor',
  )
})

test('sources of the surroundings come first, and only in the outermost pipeline', () => {
  const source = (stage: Doc) => ('$collStats' in stage ? [{ n: 1 }] : undefined)
  expect([...compile([{ $collStats: {} }, { $project: { n: 1 } }], { source }).run([])]).toEqual([{ n: 1 }])
  expect(codeOf(() => compile([{ $limit: 1 }, { $collStats: {} }], { source }))).toBe(40602)
  expect(codeOf(() => compile([{ $facet: { a: [{ $collStats: {} }] } }], { source }))).toBe(40324)
})

test('pipelines nest twenty deep and no deeper', () => {
  const nest = (depth: number): unknown[] =>
    depth === 0 ? [] : [{ $lookup: { from: 'c', pipeline: nest(depth - 1), as: 'l' } }]
  expect(() => compile(nest(20))).not.toThrow()
  expect(codeOf(() => compile(nest(21)))).toBe(232)
  expect(codeOf(() => compile(Array.from({ length: 1001 }, () => ({ $limit: 1 }))))).toBe(7749501)
})

test('filters handed to a reader say nothing about variables', () => {
  const filters: unknown[] = []
  const read = (_name: string, filter?: Doc) => {
    filters.push(filter)
    return []
  }
  const pipeline = [{ $match: { a: 1, $expr: { $gt: ['$k', '$$v'] } } }, { $match: { $or: [{ b: 1 }] } }]
  aggregate([{ _id: 1 }], [{ $lookup: { from: 'x', let: { v: '$_id' }, pipeline, as: 'l' } }], { read })
  expect(filters).toEqual([{ $and: [{ a: 1 }] }])
})

test('equalities on variables are found where all results fulfil them', () => {
  const variables = { v: 1 }
  const eq = { $eq: ['$a.b', '$$v'] }
  expect(equalityOf({ $expr: eq }, variables)).toMatchObject({ path: 'a.b', variable: 'v' })
  expect(equalityOf({ x: 1, $and: [{ y: 1 }, { $expr: { $and: [true, eq] } }] }, variables)).toMatchObject({
    path: 'a.b',
  })
  expect(equalityOf({ $or: [{ $expr: eq }] }, variables)).toBe(undefined)
  expect(equalityOf({ $expr: { $eq: ['$a.0', '$$v'] } }, variables)).toBe(undefined)
  expect(equalityOf({ $expr: { $eq: ['$a', '$$other'] } }, variables)).toBe(undefined)
})

describe('$out and $merge', () => {
  const merge = (argument: unknown) => compile([{ $merge: argument }]).writes as MergeWrites
  const existing = { _id: 1, a: 1, b: 1 }
  const result = { _id: 1, b: 2 }

  test('targets', () => {
    expect(compile([{ $out: 'x' }]).writes).toEqual({ kind: 'out', database: 'd', collection: 'x' })
    expect(compile([{ $out: { db: 'e', coll: 'x' } }]).writes).toMatchObject({
      database: 'e',
      collection: 'x',
    })
    expect(merge('x')).toMatchObject({ kind: 'merge', database: 'd', collection: 'x', on: ['_id'] })
    expect(merge({ into: { db: 'e', coll: 'x' }, on: ['a', 'b.c'] })).toMatchObject({
      database: 'e',
      on: ['a', 'b.c'],
    })
    expect([...compile([{ $match: { a: 1 } }, { $merge: 'x' }]).run([{ a: 1 }, { a: 2 }])]).toEqual([
      { a: 1 },
    ])
  })

  test.each<[whenMatched: unknown, stored: Doc | undefined]>([
    [undefined, { _id: 1, a: 1, b: 2 }],
    ['merge', { _id: 1, a: 1, b: 2 }],
    ['replace', { _id: 1, b: 2 }],
    ['keepExisting', undefined],
    [[{ $set: { b: { $add: ['$b', '$$new.b'] }, c: '$a' } }], { _id: 1, a: 1, b: 3, c: 1 }],
  ])('when matched: %j', (whenMatched, stored) => {
    const spec = { into: 'x', ...(whenMatched === undefined ? {} : { whenMatched }) }
    expect(merge(spec).decide(existing, result)).toEqual(stored)
  })

  test('variables of a merging pipeline', () => {
    const spec = { into: 'x', let: { n: '$b' }, whenMatched: [{ $set: { n: '$$n', old: '$b' } }] }
    expect(merge(spec).decide(existing, result)).toEqual({ _id: 1, a: 1, b: 1, n: 2, old: 1 })
  })

  test('when not matched', () => {
    expect(merge('x').decide(undefined, result)).toEqual(result)
    expect(merge({ into: 'x', whenNotMatched: 'discard' }).decide(undefined, result)).toBe(undefined)
    expect(codeOf(() => merge({ into: 'x', whenNotMatched: 'fail' }).decide(undefined, result))).toBe(13113)
  })

  test('failures', () => {
    expect(codeOf(() => merge({ into: 'x', whenMatched: 'fail' }).decide(existing, result))).toBe(11000)
    expect(codeOf(() => merge({ into: 'x', on: 'a' }).filter({ _id: 1 }))).toBe(51132)
    expect(codeOf(() => merge({ into: 'x', on: 'a' }).filter({ a: [1] }))).toBe(51185)
    expect(
      codeOf(() => merge({ into: 'x', on: 'a', whenMatched: 'replace' }).decide(existing, { _id: 2, a: 1 })),
    ).toBe(66)
    expect(codeOf(() => merge({ into: 'x', whenMatched: [{ $match: {} }] }))).toBe(72)
  })

  test('the filter that finds the document', () => {
    expect(merge({ into: 'x', on: ['a', 'b.c'] }).filter({ a: 1, b: { c: 'z' } })).toEqual({
      a: { $eq: 1 },
      'b.c': { $eq: 'z' },
    })
  })
})
