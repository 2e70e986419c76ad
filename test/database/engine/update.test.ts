import { Decimal128, Double, Long, type Timestamp } from 'bson'
import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../../database/command.ts'
import { compileFilter } from '../../../database/engine/match/index.ts'
import { compileUpdate, type UpdateEnv } from '../../../database/engine/update/index.ts'
import { documentFromFilter } from '../../../database/engine/update/upsert.ts'
import { compareValues, identicalValues } from '../../../database/engine/values/compare.ts'
import { bsonTypeName, type Doc } from '../../../database/engine/values/types.ts'
import { RandomValues } from './random-values.ts'

const env: UpdateEnv = { now: new Date('2026-11-01T00:00:00Z') }

interface Options {
  filter?: Doc
  arrayFilters?: Doc[]
  collation?: Doc
  insert?: boolean
}

/** Applies an update to a frozen document: whatever tries to write into it fails. */
function update(doc: Doc, change: Doc | Doc[], { filter, insert = false, ...rest }: Options = {}) {
  const frozen = deepFreeze(doc)
  const updater = compileUpdate(change, { ...env, ...rest })
  const arrayIndex = filter ? compileFilter(filter, env).arrayIndex(frozen) : undefined
  return updater.apply(frozen, { insert, arrayIndex })
}

function deepFreeze<T>(value: T): T {
  const plain = Array.isArray(value) || bsonTypeName(value) === 'object'
  if (plain) Object.values(Object.freeze(value) as object).forEach(deepFreeze)
  return value
}

describe('results', () => {
  it.each<[string, Doc, Doc | Doc[], Doc, Options?]>([
    ['paths are made of documents', {}, { $set: { 'a.0.b': 1 } }, { a: { 0: { b: 1 } } }],
    [
      'an index past the end pads with null',
      { a: [] },
      { $set: { 'a.2.b': 1 } },
      { a: [null, null, { b: 1 }] },
    ],
    [
      'new fields in order of their names',
      { z: 1 },
      { $set: { c: 1, 'a.y': 1, 'a.b': 2, 10: 1, 9: 1 } },
      { 9: 1, 10: 1, z: 1, a: { b: 2, y: 1 }, c: 1 },
    ],
    ['$unset through a scalar does nothing', { a: 5 }, { $unset: { 'a.b': 1 } }, { a: 5 }],
    [
      '$unset of an element leaves null',
      { a: [1, { b: 2 }] },
      { $unset: { 'a.0': 1, 'a.1.b': 1 } },
      { a: [null, {}] },
    ],
    ['$inc of a Long stays a Long', { a: Long.fromNumber(1) }, { $inc: { a: 1 } }, { a: Long.fromNumber(2) }],
    [
      '$inc over int32 becomes a Long',
      { a: 2147483647 },
      { $inc: { a: 1 } },
      { a: Long.fromNumber(2147483648) },
    ],
    ['$mul of a missing field', {}, { $mul: { a: Long.fromNumber(5) } }, { a: Long.fromNumber(0) }],
    [
      '$mul with a decimal',
      { a: 2 },
      { $mul: { a: Decimal128.fromString('1.50') } },
      { a: Decimal128.fromString('3.00') },
    ],
    [
      '$min by collation',
      { a: 'B' },
      { $min: { a: 'a' } },
      { a: 'a' },
      { collation: { locale: 'en', strength: 2 } },
    ],
    ['$rename over a field of the target', { a: 1, b: { c: 2 } }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
    ['$rename and $set of others', { a: 1 }, { $rename: { a: 'b' }, $set: { c: 2 } }, { b: 1, c: 2 }],
    ['$bit in order', { a: 13 }, { $bit: { a: { and: 10, or: 1 } } }, { a: 9 }],
    ['$bit of a missing field', {}, { $bit: { a: { or: Long.fromNumber(5) } } }, { a: Long.fromNumber(5) }],
    [
      '$push at a negative position beyond the start',
      { a: [1] },
      { $push: { a: { $each: [0], $position: -5 } } },
      { a: [0, 1] },
    ],
    ['$push nothing makes the array', {}, { $push: { a: { $each: [] } } }, { a: [] }],
    [
      '$push sorts by a dotted field, scalars as null',
      { a: [{ b: { c: 2 } }, 5] },
      { $push: { a: { $each: [{ b: { c: 1 } }], $sort: { 'b.c': 1 } } } },
      { a: [5, { b: { c: 1 } }, { b: { c: 2 } }] },
    ],
    [
      '$push a document that has no $each',
      { a: [] },
      { $push: { a: { each: [1] } } },
      { a: [{ each: [1] }] },
    ],
    [
      '$addToSet leaves old duplicates',
      { a: [1, 1] },
      { $addToSet: { a: { $each: [2, new Double(2), 1] } } },
      { a: [1, 1, 2] },
    ],
    [
      '$addToSet under a collation',
      { a: ['x'] },
      { $addToSet: { a: 'X' } },
      { a: ['x'] },
      { collation: { locale: 'en', strength: 2 } },
    ],
    ['$pull {} removes documents only', { a: [1, {}, { b: 1 }] }, { $pull: { a: {} } }, { a: [1] }],
    [
      '$pull with $or on documents',
      { a: [{ b: 1 }, { b: 2 }, 3] },
      { $pull: { a: { $or: [{ b: 1 }, { b: 3 }] } } },
      { a: [{ b: 2 }, 3] },
    ],
    [
      '$pull by operator looks into an element that is an array',
      { a: [[1, 9], [2]] },
      { $pull: { a: { $elemMatch: { $gt: 5 } } } },
      { a: [[2]] },
    ],
    ['$pull an array is exact', { a: [[1, 2], [1]] }, { $pull: { a: [1] } }, { a: [[1, 2]] }],
    [
      '$pull of $exists on members',
      { a: [{ b: 1 }, { c: 1 }] },
      { $pull: { a: { b: { $exists: false } } } },
      { a: [{ b: 1 }] },
    ],
    ['$pop of an empty array', { a: [] }, { $pop: { a: 1 } }, { a: [] }],
    [
      '$ with a numeric sibling',
      { a: [1, 2] },
      { $set: { 'a.$': 9, 'a.0': 8 } },
      { a: [8, 9] },
      { filter: { a: 2 } },
    ],
    [
      '$[] and $[id] on one array',
      { a: [{ b: 1 }, { b: 2 }] },
      { $set: { 'a.$[].c': 0, 'a.$[x].d': 1 } },
      {
        a: [
          { b: 1, c: 0 },
          { b: 2, c: 0, d: 1 },
        ],
      },
      { arrayFilters: [{ 'x.b': 2 }] },
    ],
    [
      '$[id] that nothing matches',
      { a: [1] },
      { $set: { 'a.$[x]': 0 } },
      { a: [1] },
      { arrayFilters: [{ x: 5 }] },
    ],
    [
      '$[id] with array elements',
      { a: [[1, 5], [2]] },
      { $set: { 'a.$[x]': 0 } },
      { a: [0, [2]] },
      { arrayFilters: [{ x: 5 }] },
    ],
    ['$[] over nested arrays', { a: [[1], [2, 3]] }, { $inc: { 'a.$[].$[]': 1 } }, { a: [[2], [3, 4]] }],
    ['$unset of $[]', { a: [1, 2] }, { $unset: { 'a.$[]': 1 } }, { a: [null, null] }],
    ['a replacement keeps the _id in front', { _id: 1, a: 1 }, { b: 1 }, { _id: 1, b: 1 }],
    ['a replacement with its own equal _id', { _id: 1, a: 1 }, { b: 1, _id: 1 }, { _id: 1, b: 1 }],
    ['an empty replacement', { _id: 1, a: 1 }, {}, { _id: 1 }],
    [
      'a pipeline that drops the _id keeps it',
      { _id: 1, a: 1 },
      [{ $project: { _id: 0, a: 1 } }],
      { _id: 1, a: 1 },
    ],
    [
      'a pipeline with several stages',
      { _id: 1, a: 2 },
      [{ $set: { b: { $multiply: ['$a', 2] } } }, { $unset: 'a' }],
      { _id: 1, b: 4 },
    ],
    ['$setOnInsert for an insert', {}, { $setOnInsert: { a: 1 } }, { a: 1 }, { insert: true }],
    ['the _id of an upsert comes first', { a: 1 }, { $set: { _id: 5 } }, { _id: 5, a: 1 }, { insert: true }],
    [
      'names of prototypes',
      {},
      { $set: { 'constructor.name': 1 } },
      { constructor: { name: 1 } } as unknown as Doc,
    ],
    ['names with $ below the top', { a: {} }, { $set: { 'a.$x': 1 } }, { a: { $x: 1 } }],
  ])('%s', (_, doc, change, expected, options) => {
    const { doc: result } = update(doc, change, options)
    expect(identicalValues(result, expected), JSON.stringify(result)).toBe(true)
  })

  it('sets the clock', () => {
    const { doc } = update({}, { $currentDate: { a: true, b: { $type: 'timestamp' }, c: { $type: 'date' } } })
    expect(doc.a).toEqual(env.now)
    expect(doc.c).toEqual(env.now)
    expect((doc.b as Timestamp).getHighBits()).toBe(env.now.getTime() / 1000)
  })

  it('takes __proto__ for an ordinary name', () => {
    const { doc } = update({}, { $set: { '__proto__.x': 1 } })
    expect(Object.keys(doc)).toEqual(['__proto__'])
    expect(({} as Doc).x).toBeUndefined()
  })

  it('shares what it does not touch', () => {
    const doc = { a: { b: [1] }, c: { d: 1 } }
    const { doc: result } = update(doc, { $set: { 'a.x': 1 } })
    expect(result.c).toBe(doc.c)
    expect((result.a as Doc).b).toBe(doc.a.b)
  })
})

describe('nothing to do', () => {
  it.each<[string, Doc, Doc | Doc[], Options?]>([
    ['the same value', { a: { b: [1] } }, { $set: { a: { b: [1] } } }],
    ['$unset of nothing', {}, { $unset: { a: 1, 'b.c': 1 } }],
    ['$inc 0', { a: 5 }, { $inc: { a: 0 } }],
    ['$inc 0 of a stored 5.0', { a: new Double(5) }, { $inc: { a: 0 } }],
    ['$max of a smaller value', { a: 5 }, { $max: { a: 4 } }],
    ['$addToSet of what is there', { a: [1] }, { $addToSet: { a: 1 } }],
    ['$pull of nothing', { a: [1] }, { $pull: { a: 5 } }],
    ['$setOnInsert', { a: 1 }, { $setOnInsert: { b: 1 } }],
    ['$rename of nothing', { a: 1 }, { $rename: { b: 'c' } }],
    ['an equal replacement', { _id: 1, a: 1 }, { a: 1 }],
    ['a pipeline that changes nothing', { _id: 1, a: 1 }, [{ $set: { a: 1 } }]],
    ['the same _id', { _id: { x: 1 } }, { $set: { '_id.x': 1 } }],
  ])('%s', (_, doc, change, options) => {
    const { doc: result, changed } = update(doc, change, options)
    expect(changed).toBe(false)
    expect(result).toBe(doc)
  })

  it('but a change of kind or order is a change', () => {
    expect(update({ a: 1 }, { $set: { a: Long.fromNumber(1) } }).changed).toBe(true)
    expect(update({ a: { x: 1, y: 2 } }, { $set: { a: { y: 2, x: 1 } } }).changed).toBe(true)
  })
})

describe('errors', () => {
  it.each<[string, Doc, Doc | Doc[], number, string, Options?]>([
    [
      'a modifier that does not exist',
      {},
      { $foo: { a: 1 } },
      9,
      'Unknown modifier: $foo. Expected a valid update modifier',
    ],
    ['fields behind modifiers', {}, { $set: { a: 1 }, b: 1 }, 9, 'Unknown modifier: b.'],
    [
      'a modifier without fields',
      {},
      { $set: 5 },
      9,
      'Modifiers operate on fields but we found type int instead. For example: {$mod: {<field>: ...}} not {$set: 5}',
    ],
    ['an empty path', {}, { $set: { '': 1 } }, 56, 'An empty update path is not valid.'],
    [
      'an empty segment',
      {},
      { $set: { 'a..b': 1 } },
      56,
      "The update path 'a..b' contains an empty field name, which is not allowed.",
    ],
    [
      'a $ name at the top',
      {},
      { $set: { $x: 1 } },
      52,
      "The dollar ($) prefixed field '$x' in '$x' is not allowed",
    ],
    [
      '$ twice',
      {},
      { $set: { 'a.$.b.$': 1 } },
      2,
      "Too many positional (i.e. '$') elements found in path 'a.$.b.$'",
    ],
    [
      '$ first',
      {},
      { $set: { '$.a': 1 } },
      2,
      "Cannot have positional (i.e. '$') element in the first position in path '$.a'",
    ],
    [
      '$[] first',
      {},
      { $set: { '$[].a': 1 } },
      2,
      "Cannot have array filter identifier (i.e. '$[<id>]') element in the first position",
    ],
    [
      'two operators on one path',
      {},
      { $set: { a: 1 }, $inc: { a: 1 } },
      40,
      "Updating the path 'a' would create a conflict at 'a'",
    ],
    [
      'a path inside another',
      {},
      { $set: { 'a.b': 1, a: 2 } },
      40,
      "Updating the path 'a' would create a conflict at 'a'",
    ],
    [
      '$ meets its own index',
      { a: [1, 2] },
      { $set: { 'a.$': 1, 'a.1': 2 } },
      40,
      "Update created a conflict at 'a.1'",
      { filter: { a: 2 } },
    ],
    [
      'two filters meet',
      { a: [{ b: 1 }] },
      { $set: { 'a.$[x].c': 1, 'a.$[y].c': 2 } },
      40,
      "Update created a conflict at 'a.0.c'",
      { arrayFilters: [{ 'x.b': 1 }, { 'y.b': 1 }] },
    ],
    [
      '$rename onto a changed path',
      {},
      { $rename: { a: 'b' }, $set: { b: 1 } },
      40,
      "Updating the path 'b' would create a conflict at 'b'",
    ],
    ['$[] beside a field', {}, { $set: { 'a.$[]': 1, 'a.b': 1 } }, 40, "would create a conflict at 'a'"],
    ['through a scalar', { a: 5 }, { $set: { 'a.b.c': 1 } }, 28, "Cannot create field 'b' in element {a: 5}"],
    [
      'through an element',
      { a: [5] },
      { $set: { 'a.0.b': 1 } },
      28,
      "Cannot create field 'b' in element {0: 5}",
    ],
    [
      '$pull through a scalar',
      { a: 5 },
      { $pull: { 'a.b': 1 } },
      28,
      'Cannot use the part (b) of (a.b) to traverse the element ({a: 5})',
    ],
    [
      '$pop through an array by name',
      { a: [1] },
      { $pop: { 'a.b': 1 } },
      28,
      'Cannot use the part (b) of (a.b) to traverse the element ({a: [ 1 ]})',
    ],
    [
      'a gap too wide',
      { a: [] },
      { $set: { 'a.1500002': 1 } },
      34,
      "can't backfill more than 1500000 elements",
    ],
    [
      '$inc by a string',
      {},
      { $inc: { a: 'x' } },
      14,
      'Cannot increment with non-numeric argument: {a: "x"}',
    ],
    [
      '$mul of an array',
      { _id: 1, a: [] },
      { $mul: { a: 2 } },
      14,
      "Cannot apply $mul to a value of non-numeric type. {_id: 1} has the field 'a' of non-numeric type array",
    ],
    [
      '$inc over int64',
      { _id: 1, a: Long.MAX_VALUE },
      { $inc: { a: 1 } },
      2,
      'Failed to apply $inc operations to current value ((NumberLong)9223372036854775807) for document {_id: 1}',
    ],
    [
      '$bit without operations',
      {},
      { $bit: { a: {} } },
      2,
      'You must pass in at least one bitwise operation.',
    ],
    [
      '$bit with a fraction',
      {},
      { $bit: { a: { and: 1.5 } } },
      2,
      "The $bit modifier field must be an Integer(32/64 bit); a 'double' is not supported here: {and: 1.5}",
    ],
    [
      '$bit with an unknown operation',
      {},
      { $bit: { a: { not: 1 } } },
      2,
      "not 'not' which is an unknown operator: {not: 1}",
    ],
    ['$push clauses', {}, { $push: { a: { $each: [], $foo: 1 } } }, 2, 'Unrecognized clause in $push: $foo'],
    [
      '$push $each',
      {},
      { $push: { a: { $each: 1 } } },
      2,
      'The argument to $each in $push must be an array but it was of type: int',
    ],
    [
      '$push $slice',
      {},
      { $push: { a: { $each: [], $slice: 'x' } } },
      2,
      'The value for $slice must be an integer value but was given type: string',
    ],
    [
      '$push $sort',
      {},
      { $push: { a: { $each: [], $sort: 2 } } },
      2,
      'The $sort element value must be either 1 or -1',
    ],
    [
      '$addToSet $each',
      {},
      { $addToSet: { a: { $each: 1 } } },
      14,
      'The argument to $each in $addToSet must be an array but it was of type int',
    ],
    [
      '$pullAll without an array',
      {},
      { $pullAll: { a: 1 } },
      2,
      '$pullAll requires an array argument but was given a int',
    ],
    ['$pull with a bad condition', {}, { $pull: { a: { $foo: 1 } } }, 2, 'unknown operator: $foo'],
    ['$currentDate', {}, { $currentDate: { a: 1 } }, 2, 'int is not valid type for $currentDate.'],
    [
      '$rename to no string',
      {},
      { $rename: { a: 1 } },
      2,
      "The 'to' field for $rename must be a string: a: 1",
    ],
    ['$rename inside itself', {}, { $rename: { a: 'a.b' } }, 2, 'must not be on the same path'],
    [
      '$rename of an element',
      { _id: 1, a: [1] },
      { $rename: { 'a.0': 'b' } },
      2,
      "The source field cannot be an array element, 'a.0' in doc with _id: 1 has an array field called 'a'",
    ],
    [
      '$rename into an array',
      { _id: 1, a: [1], b: 2 },
      { $rename: { b: 'a.0' } },
      2,
      "The destination field cannot be an array element, 'a.0' in doc with _id: 1 has an array field called 'a'",
    ],
    [
      '$rename of a dynamic path',
      {},
      { $rename: { 'a.$': 'b' } },
      2,
      'The source field for $rename may not be dynamic: a.$',
    ],
    [
      'another _id',
      { _id: 1 },
      { $set: { _id: 2 } },
      66,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    ],
    [
      'a member of the _id',
      { _id: { x: 1 } },
      { $inc: { '_id.x': 1 } },
      66,
      "Performing an update on the path '_id.x' would modify the immutable field '_id'",
    ],
    ['no _id', { _id: 1 }, { $unset: { _id: 1 } }, 66, "Performing an update on the path '_id' would modify"],
    [
      'a renamed _id',
      { _id: 1 },
      { $rename: { _id: 'a' } },
      66,
      "Unsetting the path '_id' using $rename would modify the immutable field '_id'",
    ],
    [
      'a replacement of the _id',
      { _id: 1 },
      { _id: 2 },
      66,
      "After applying the update, the (immutable) field '_id' was found to have been altered to _id: 2",
    ],
    [
      'a replacement with $ names',
      { _id: 1 },
      { a: 1, $b: 1 },
      52,
      "The dollar ($) prefixed field '$b' in '$b' is not allowed in the context of an update's replacement document.",
    ],
    [
      'a pipeline that changes the _id',
      { _id: 1 },
      [{ $set: { _id: 2 } }],
      66,
      "the (immutable) field '_id' was found to have been altered",
    ],
    [
      'a stage that has no place',
      { _id: 1 },
      [{ $match: {} }],
      72,
      '$match is not allowed to be used within an update',
    ],
    [
      'array filters for a pipeline',
      {},
      [{ $set: { a: 1 } }],
      9,
      'arrayFilters may not be specified for pipeline-style updates',
      { arrayFilters: [{ x: 1 }] },
    ],
    [
      'an unused filter',
      {},
      { $set: { a: 1 } },
      9,
      "The array filter for identifier 'x' was not used in the update { $set: { a: 1 } }",
      { arrayFilters: [{ x: 1 }] },
    ],
    [
      'the same filter twice',
      {},
      { $set: { 'a.$[x]': 1 } },
      9,
      'Found multiple array filters with the same top-level field name x',
      { arrayFilters: [{ x: 1 }, { x: 2 }] },
    ],
    [
      'a filter with two names',
      {},
      { $set: { 'a.$[x]': 1 } },
      9,
      "Error parsing array filter :: caused by :: Expected a single top-level field name, found 'x' and 'y'",
      { arrayFilters: [{ x: 1, y: 2 }] },
    ],
    [
      'a filter without a name',
      {},
      { $set: { 'a.$[x]': 1 } },
      9,
      'Cannot use an expression without a top-level field name in arrayFilters',
      { arrayFilters: [{}] },
    ],
    [
      'a filter with a bad name',
      {},
      { $set: { 'a.$[X]': 1 } },
      2,
      'must be an alphanumeric string beginning with a lowercase letter, found',
      { arrayFilters: [{ X: 1 }] },
    ],
    [
      '$[] on a scalar',
      { a: 5 },
      { $set: { 'a.$[]': 1 } },
      2,
      'Cannot apply array updates to non-array element a: 5',
    ],
  ])('%s', (_, doc, change, code, text, options) => {
    expect(() => update(doc, change, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    )
  })
})

describe('upserts', () => {
  it.each<[string, Doc, Doc]>([
    [
      'equalities, in order of their paths',
      { b: 1, 'a.y': 2, 'a.x': { $eq: 3 }, c: { $gt: 1 } },
      { a: { x: 3, y: 2 }, b: 1 },
    ],
    ['the _id first', { a: 1, _id: 5 }, { _id: 5, a: 1 }],
    [
      '$and and an $or of one',
      { $and: [{ a: 1 }, { $or: [{ b: 2 }] }], $or: [{ c: 1 }, { d: 1 }] },
      { a: 1, b: 2 },
    ],
    ['$in and $all of one', { a: { $in: [1] }, b: { $all: [2] }, c: { $in: [1, 2] } }, { a: 1, b: 2 }],
    ['whole documents and arrays', { a: { 'x.y': 1 }, b: [1, 2] }, { a: { 'x.y': 1 }, b: [1, 2] }],
    ['no regex unless asked for with $eq', { a: /x/, b: { $eq: /y/ } }, { b: /y/ }],
    ['no negations', { a: { $ne: 1 }, $nor: [{ b: 1 }], c: { $not: { $eq: 1 } } }, {}],
    ['null', { a: null }, { a: null }],
  ])('%s', (_, filter, expected) => {
    expect(documentFromFilter(filter)).toEqual(expected)
    expect(Object.keys(documentFromFilter(filter))).toEqual(Object.keys(expected))
  })

  it.each<[Doc, number, string]>([
    [{ a: 1, $and: [{ a: 2 }] }, 54, "cannot infer query fields to set, path 'a' is matched twice"],
    [{ a: {}, 'a.b': 1 }, 54, "both paths 'a.b' and 'a' are matched"],
    [{ a: { $all: [1, 2] } }, 54, "path 'a' is matched twice"],
    [{ $expr: true }, 224, '$expr is not allowed in the query predicate for an upsert'],
  ])('refuses %j', (filter, code, text) => {
    expect(() => documentFromFilter(filter)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    )
  })

  it('takes only the _id for a replacement', () => {
    expect(documentFromFilter({ _id: 1, a: 1, $and: [{ a: 2 }] }, true)).toEqual({ _id: 1 })
    expect(() => documentFromFilter({ '_id.x': 1 }, true)).toThrow(expect.objectContaining({ code: 111 }))
  })
})

describe('random updates', () => {
  const paths = ['a', 'b', 'a.b', 'a.0', 'a.b.c', 'b.1.a', 'c.$[]', 'c.$[].a', 'c.$[x]', 'd']

  /** Modifiers that may count as a change without one to be seen. */
  const UNCLEAR = ['$rename', '$push', '$unset']

  function randomUpdate(random: RandomValues): Doc {
    const change: Doc = {}
    for (let i = 0; i <= random.integer(2); i += 1) {
      const modifier = random.pick([
        '$set',
        '$unset',
        '$inc',
        '$mul',
        '$min',
        '$max',
        '$push',
        '$addToSet',
        '$pull',
        '$pop',
        '$bit',
        '$rename',
      ])
      const operands: Doc = {}
      for (let j = 0; j <= random.integer(2) - 1 || j === 0; j += 1)
        operands[random.pick(paths)] = operandOf(modifier, random)
      change[modifier] = operands
    }
    return change
  }

  function operandOf(modifier: string, random: RandomValues): unknown {
    if (modifier === '$inc' || modifier === '$mul') return random.number()
    if (modifier === '$pop') return random.pick([1, -1])
    if (modifier === '$bit') return { xor: random.integer(9) }
    if (modifier === '$rename') return random.pick(paths)
    if (modifier === '$push') return { $each: [random.value(1)], $slice: random.integer(5) - 2 }
    return random.value(1)
  }

  it('never write into the document and tell changes from no-ops', () => {
    const random = new RandomValues(5)
    let applied = 0
    for (let round = 0; round < 6_000; round += 1) {
      const doc: Doc = { _id: 1 }
      for (const name of ['a', 'b', 'c']) if (random.next() < 0.8) doc[name] = random.value(2)
      const change = randomUpdate(random)
      const arrayFilters = JSON.stringify(change).includes('$[x]') ? [{ x: { $gt: 0 } }] : undefined
      try {
        const { doc: result, changed } = update(doc, change, arrayFilters ? { arrayFilters } : {})
        applied += 1
        if (!changed) expect(result).toBe(doc)
        // The server counts a `$push` that slices its own elements away, and a null put for null by `$unset`.
        else if (!UNCLEAR.some((name) => name in change)) expect(identicalValues(result, doc)).toBe(false)
        expect(compareValues(result._id, 1)).toBe(0)
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
      }
    }
    expect(applied).toBeGreaterThan(1_000)
  })
})
