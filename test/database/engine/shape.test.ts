import { Long } from 'bson'
import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../../database/engine/match/index.ts'
import { compileProjection } from '../../../database/engine/projection.ts'
import { compileSort, compileSorter } from '../../../database/engine/sort.ts'
import type { Doc } from '../../../database/engine/values/types.ts'
import { RandomValues } from './random-values.ts'

const env = { now: new Date(0) }

const doc = {
  _id: 1,
  a: 1,
  b: { c: 2, d: { e: 3 } },
  l: [1, 2, 3, 4],
  m: [{ x: 1, y: [5, 6, 7] }, { x: 2 }, 5, [{ x: 3, z: 1 }]],
}

function project(spec: Doc, given: Doc = doc, filter: Doc = {}): Doc {
  const { arrayIndex } = compileFilter(filter, env)
  return compileProjection(spec, { ...env, filter })(given, arrayIndex(given))
}

describe('projection', () => {
  it.each<[string, Doc, Doc]>([
    ['only the _id', { _id: 1 }, { _id: 1 }],
    ['nothing but the _id goes', { _id: 0 }, { a: doc.a, b: doc.b, l: doc.l, m: doc.m }],
    ['unknown names', { zzz: 1 }, { _id: 1 }],
    ['Long flags', { a: Long.fromNumber(1) }, { _id: 1, a: 1 }],
    ['an _id inside an exclusion', { _id: 1, b: 0, l: 0, m: 0 }, { _id: 1, a: 1 }],
    ['inclusion through nested arrays', { 'm.x': 1 }, { _id: 1, m: [{ x: 1 }, { x: 2 }, [{ x: 3 }]] }],
    [
      'exclusion through nested arrays',
      { 'm.x': 0, a: 0, b: 0, l: 0 },
      { _id: 1, m: [{ y: [5, 6, 7] }, {}, 5, [{ z: 1 }]] },
    ],
    [
      'computed fields behind included ones',
      { s: { $add: ['$a', 1] }, 'b.c': 1 },
      { _id: 1, b: { c: 2 }, s: 2 },
    ],
    ['computed fields see the whole document', { t: '$b.d.e' }, { _id: 1, t: 3 }],
    ['a computed field without a value', { t: '$zzz', a: 1 }, { _id: 1, a: 1 }],
    ['literals', { t: 'x', u: { $literal: 1 } }, { _id: 1, t: 'x', u: 1 }],
    ['a computed field inside a document', { b: { n: '$a' } }, { _id: 1, b: { n: 1 } }],
    ['$slice from the end', { l: { $slice: -2 }, a: 0, b: 0, m: 0 }, { _id: 1, l: [3, 4] }],
    ['$slice with skip from the end', { l: { $slice: [-3, 2] }, a: 0, b: 0, m: 0 }, { _id: 1, l: [2, 3] }],
    ['$slice in an inclusion', { l: { $slice: 1 }, a: 1 }, { _id: 1, a: 1, l: [1] }],
    ['$slice with {_id: 1}', { l: { $slice: 1 }, _id: 1 }, { _id: 1, l: [1] }],
    [
      '$slice of a nested path',
      { 'm.y': { $slice: 1 }, a: 0, b: 0, l: 0 },
      { _id: 1, m: [{ x: 1, y: [5] }, { x: 2 }, 5, [{ x: 3, z: 1 }]] },
    ],
    ['$slice as an expression', { l: { $slice: ['$l', 1, 2] } }, { _id: 1, l: [2, 3] }],
    ['$elemMatch of values', { l: { $elemMatch: { $gt: 2 } } }, { _id: 1, l: [3] }],
    ['$elemMatch without a hit', { l: { $elemMatch: { $gt: 9 } }, a: 1 }, { _id: 1, a: 1 }],
    ['$elemMatch with {_id: 0}', { l: { $elemMatch: { $gt: 3 } }, _id: 0 }, { l: [4] }],
  ])('%s', (_, spec, expected) => {
    const result = project(spec)
    expect(result).toEqual(expected)
    expect(Object.keys(result)).toEqual(Object.keys(expected))
  })

  it('points at the element that the query found', () => {
    expect(project({ 'm.$': 1 }, doc, { 'm.x': 2 })).toEqual({ _id: 1, m: [{ x: 2 }] })
    expect(project({ 'b.l.$': 1 }, { _id: 1, b: { k: 0, l: [1, 2] } }, { 'b.l': 2 })).toEqual({
      _id: 1,
      b: { l: [2] },
    })
    expect(() => compileProjection({ 'l.$': 1 }, env)(doc)).toThrow(expect.objectContaining({ code: 51246 }))
  })

  it('reads metadata when there is some', () => {
    const meta = (name: string) => (name === 'textScore' ? 1.5 : undefined)
    const scored = compileProjection({ a: 1, score: { $meta: 'textScore' } }, { ...env, meta })
    expect(scored(doc)).toEqual({ _id: 1, a: 1, score: 1.5 })
  })

  it.each<[Doc, number]>([
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 0, b: { $add: [1, 1] } }, 31252],
    [{ a: 0, b: 'x' }, 31310],
    [{ b: 1, 'b.c': 1 }, 31249],
    [{ 'b.c': 1, b: 1 }, 31250],
    [{ b: { c: 1 }, 'b.c': 1 }, 31250],
    [{ a: {} }, 51270],
    [{ a: { $foo: 1 } }, 31325],
    [{ a: { $elemMatch: 1 } }, 31274],
    [{ 'b.c': { $elemMatch: { x: 1 } } }, 31275],
    [{ 'a.$': { x: 1 } }, 31271],
    [{ 'a.$': 'x' }, 31308],
    [{ 'a.$': 1, 'b.$': 1 }, 31276],
    [{ 'a.$.$': 1 }, 31287],
    [{ 'a.$': 1, l: { $elemMatch: { x: 1 } } }, 31255],
    [{ l: { $elemMatch: { x: 1 } }, 'a.$': 1 }, 31256],
    [{ '': 1 }, 40352],
    [{ 'a.': 1 }, 40353],
    [{ $a: 1 }, 16410],
  ])('refuses %j', (spec, code) => {
    expect(() => compileProjection(spec, env)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses a positional field that the query does not mention', () => {
    expect(() => project({ 'l.$': 1 }, doc, { a: 1 })).toThrow(expect.objectContaining({ code: 31277 }))
  })
})

describe('sort', () => {
  const sorted = (spec: Doc, docs: Doc[], collation?: Doc) =>
    compileSorter(spec, collation)
      .sort(docs)
      .map(({ _id }) => _id)

  it('keeps the order of equals', () => {
    expect(sorted({ a: 1 }, [{ _id: 3, a: 1 }, { _id: 1, a: 1 }, { _id: 2 }, { _id: 4, a: null }])).toEqual([
      2, 4, 3, 1,
    ])
  })

  it('compares keys through one array element by element', () => {
    const docs = [
      {
        _id: 1,
        a: [
          { b: 1, c: 9 },
          { b: 2, c: 0 },
        ],
      },
      { _id: 2, a: [{ b: 1, c: 5 }] },
    ]
    expect(sorted({ 'a.b': 1, 'a.c': 1 }, docs)).toEqual([2, 1])
    expect(sorted({ 'a.b': -1, 'a.c': 1 }, docs)).toEqual([1, 2])
  })

  it('follows an index into an array', () => {
    expect(
      sorted({ 'a.1': 1 }, [
        { _id: 1, a: [0, 5] },
        { _id: 2, a: [9, 1] },
      ]),
    ).toEqual([2, 1])
  })

  it('puts an empty array first, and a missing field of its elements with null', () => {
    expect(
      sorted({ a: 1 }, [
        { _id: 1, a: null },
        { _id: 2, a: [] },
      ]),
    ).toEqual([2, 1])
    expect(
      sorted({ 'a.b': 1 }, [
        { _id: 1, a: [{ b: 0 }] },
        { _id: 2, a: [{}] },
      ]),
    ).toEqual([2, 1])
  })

  it('collates', () => {
    const docs = [
      { _id: 1, a: 'b' },
      { _id: 2, a: 'A' },
      { _id: 3, a: 'a' },
    ]
    expect(sorted({ a: 1 }, docs)).toEqual([2, 3, 1])
    expect(sorted({ a: 1 }, docs, { locale: 'en' })).toEqual([3, 2, 1])
  })

  it('sorts by metadata, highest first', () => {
    const sorter = compileSorter({ s: { $meta: 'textScore' } }, undefined, (_, { s }) => s)
    expect(sorter.sort([{ s: 1 }, { s: 3 }, { s: 2 }])).toEqual([{ s: 3 }, { s: 2 }, { s: 1 }])
  })

  it.each<[Doc, number]>([
    [{ a: 2 }, 15975],
    [{ a: 'x' }, 15974],
    [{ '': 1 }, 40352],
    [{ 'a..b': 1 }, 15998],
    [{ $a: 1 }, 16410],
    [{ a: { $meta: 'foo' } }, 31138],
  ])('refuses %j', (spec, code) => {
    expect(() => compileSort(spec)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses parallel arrays', () => {
    const compare = compileSort({ a: 1, b: 1 })
    expect(() => compare({ a: [1], b: [1] }, {})).toThrow(expect.objectContaining({ code: 2 }))
  })

  it('is the order of keys, for random documents', () => {
    const random = new RandomValues(3)
    const docs = Array.from(
      { length: 300 },
      (_, _id): Doc => ({ _id, a: random.value(2), b: random.number() }),
    )
    const compare = compileSort({ a: -1, b: 1 })
    const result = compileSorter({ a: -1, b: 1 }).sort(docs)
    for (let i = 1; i < result.length; i += 1)
      expect(compare(result[i - 1]!, result[i]!)).toBeLessThanOrEqual(0)
  })
})
