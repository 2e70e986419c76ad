import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, MinKey, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { MatchEnv } from '../../../database/engine/match/index.ts'
import { compileFilter, regexPrefix, translateRegex } from '../../../database/engine/match/index.ts'
import { bsonTypeName, type Doc } from '../../../database/engine/values/types.ts'
import { RandomValues } from './random-values.ts'

const env: MatchEnv = { now: new Date(0) }

function matches(filter: Doc, doc: Doc, more: Partial<MatchEnv> = {}): boolean {
  return compileFilter(filter, { ...env, ...more }).matches(doc)
}

describe('paths', () => {
  it.each<[string, Doc, Doc, boolean]>([
    ['an index and a name in one path', { 'a.1.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, true],
    ['a numeric name of a document in an array', { 'a.0': 'x' }, { a: [{ 0: 'x' }] }, true],
    ['an index into an array of arrays', { 'a.0.0': 1 }, { a: [[1]] }, true],
    ['no way into nested arrays without an index', { 'a.b': 1 }, { a: [[{ b: 1 }]] }, false],
    ['an index with a leading zero is a name', { 'a.00': 1 }, { a: [1] }, false],
    // An element that is a document is also asked for a member named like the index, and has none.
    ['null through an index', { 'a.0.b': null }, { a: [{ b: 1 }] }, true],
    ['an empty name', { '': 1 }, { '': 1 }, true],
    ['a name from a prototype', { constructor: { $exists: true } }, { a: 1 }, false],
    ['a member called __proto__', { '__proto__.x': 1 }, JSON.parse('{"__proto__": {"x": 1}}') as Doc, true],
    ['a dotted path through null', { 'a.b': null }, { a: null }, true],
    ['a dotted path beside an empty array', { 'a.b': null }, { a: [] }, false],
  ])('%s', (_, filter, doc, expected) => {
    expect(matches(filter, doc)).toBe(expected)
  })
})

describe('comparison', () => {
  it.each<[string, Doc, Doc, boolean]>([
    ['a double stored as 5.0', { a: 5 }, { a: new Double(5) }, true],
    [
      'a range over a Long beyond 2^53',
      { a: { $gt: 9007199254740992 } },
      { a: Long.fromString('9007199254740993') },
      true,
    ],
    ['a range with a decimal', { a: { $lt: Decimal128.fromString('0.1') } }, { a: 0.1 }, false],
    ['a decimal NaN in no range', { a: { $lt: 5 } }, { a: Decimal128.fromString('NaN') }, false],
    ['NaN equals a decimal NaN', { a: Number.NaN }, { a: Decimal128.fromString('NaN') }, true],
    ['missing above MinKey', { a: { $gt: new MinKey() } }, {}, true],
    ['missing not above MaxKey', { a: { $gte: new MaxKey() } }, {}, false],
    ['MinKey equals MinKey', { a: { $gte: new MinKey() } }, { a: new MinKey() }, true],
    ['a date is no number', { a: { $gt: 0 } }, { a: new Date(5) }, false],
    [
      'an object id',
      { a: new ObjectId('000000000000000000000001') },
      { a: new ObjectId('000000000000000000000001') },
      true,
    ],
    ['$in with numbers of other kinds', { a: { $in: [1, 'x'] } }, { a: Long.fromNumber(1) }, true],
    ['$in with −0', { a: { $in: [0] } }, { a: -0 }, true],
    ['$in with a document', { a: { $in: [{ x: 1 }] } }, { a: [{ x: new Double(1) }] }, true],
    ['$in with null and a missing field', { a: { $in: [null] } }, {}, true],
    ['$nin with a regex', { a: { $nin: [/^x/] } }, { a: ['y', 'xa'] }, false],
    ['$ne on an array', { a: { $ne: 1 } }, { a: [1, 2] }, false],
    ['$not with several operators', { a: { $not: { $gt: 1, $lt: 3 } } }, { a: 2 }, false],
    ['$eq with a regex wants that regex', { a: { $eq: /x/ } }, { a: 'x' }, false],
    ['$all with null', { a: { $all: [null] } }, {}, true],
    ['$size takes a Long', { a: { $size: Long.fromNumber(1) } }, { a: [1] }, true],
    ['$mod of a negative double', { a: { $mod: [3, -1] } }, { a: -4.9 }, true],
    ['$mod of a huge Long', { a: { $mod: [10, 7] } }, { a: Long.fromString('9223372036854775807') }, true],
    ['$mod of infinity', { a: { $mod: [2, 0] } }, { a: Number.POSITIVE_INFINITY }, false],
    ['$bitsAnyClear with a negative', { a: { $bitsAnyClear: [70] } }, { a: -1 }, false],
    [
      '$bitsAllClear beyond a binary',
      { a: { $bitsAllClear: [9] } },
      { a: new Binary(Buffer.from([255])) },
      true,
    ],
    ['$bitsAllSet on a fraction', { a: { $bitsAllSet: 1 } }, { a: 1.5 }, false],
    ['$type by code', { a: { $type: 16 } }, { a: 1 }, true],
    ['$type of a double that looks like an int', { a: { $type: 'int' } }, { a: new Double(1) }, false],
    ['$type with a list', { a: { $type: ['string', 'null'] } }, { a: null }, true],
    [
      '$elemMatch inside $elemMatch',
      { a: { $elemMatch: { $elemMatch: { $gt: 1 } } } },
      { a: [[1], [2]] },
      true,
    ],
    ['$elemMatch on an array of arrays by index', { a: { $elemMatch: { 0: 2 } } }, { a: [[1], [2]] }, true],
    ['$elemMatch with $not', { a: { $elemMatch: { $not: { $gte: 2 } } } }, { a: [3, 1] }, true],
    ['$elemMatch with $nor', { a: { $elemMatch: { $nor: [{ b: 1 }] } } }, { a: [{ b: 1 }, { b: 2 }] }, true],
    ['a DBRef is a value', { a: { $ref: 'c', $id: 1 } }, { a: { $ref: 'c', $id: 1 } }, true],
    ['the $id of a DBRef', { 'a.$id': 1 }, { a: { $ref: 'c', $id: 1 } }, true],
    ['a comment among operators', { a: { $gt: 1, $comment: 'x' } }, { a: 2 }, true],
  ])('%s', (_, filter, doc, expected) => {
    expect(matches(filter, doc)).toBe(expected)
  })

  it('collates equality, ranges and $in', () => {
    const collation = { locale: 'en', strength: 2 }
    expect(matches({ a: { $gt: 'A' } }, { a: 'a' }, { collation })).toBe(false)
    expect(matches({ a: { $in: ['x', 'B'] } }, { a: ['b'] }, { collation })).toBe(true)
    expect(matches({ a: { x: 'Y' } }, { a: { x: 'y' } }, { collation })).toBe(true)
    expect(matches({ a: /^B/ }, { a: 'b' }, { collation })).toBe(false)
  })
})

describe('errors', () => {
  it.each<[Doc, number, string]>([
    [{ $foo: 1 }, 2, 'unknown top level operator: $foo'],
    [{ a: { $foo: 1 } }, 2, 'unknown operator: $foo'],
    [{ a: { $gt: 1, b: 2 } }, 2, 'unknown operator: b'],
    [{ $and: [1] }, 2, '$or/$and/$nor entries need to be full objects'],
    [{ $or: [] }, 2, '$and/$or/$nor must be a nonempty array'],
    [{ $nor: 1 }, 2, '$nor must be an array'],
    [{ a: { $in: 1 } }, 2, '$in needs an array'],
    [{ a: { $in: [{ $gt: 1 }] } }, 2, 'cannot nest $ under $in'],
    [{ a: { $all: 1 } }, 2, '$all needs an array'],
    [{ a: { $all: [{ $gt: 1 }] } }, 2, 'no $ expressions in $all'],
    [{ a: { $all: [{ $elemMatch: { b: 1 } }, 1] } }, 2, '$all/$elemMatch has to be consistent'],
    [{ a: { $elemMatch: 1 } }, 2, '$elemMatch needs an Object'],
    [{ a: { $not: 1 } }, 2, '$not needs a regex or a document'],
    [{ a: { $not: {} } }, 2, '$not cannot be empty'],
    [{ a: { $gt: /x/ } }, 2, "Can't have RegEx as arg to predicate over field 'a'."],
    [{ a: { $ne: /x/ } }, 2, "Can't have regex as arg to $ne."],
    [{ a: { $size: -1 } }, 2, 'Failed to parse $size. Expected a non-negative number in: $size: -1'],
    [{ a: { $size: 1.5 } }, 2, 'Failed to parse $size. Expected an integer: $size: 1.5'],
    [{ a: { $mod: 1 } }, 2, 'malformed mod, needs to be an array'],
    [{ a: { $mod: [0, 1] } }, 2, 'divisor cannot be 0'],
    [{ a: { $mod: ['x', 1] } }, 2, 'malformed mod, divisor not a number'],
    [{ a: { $type: true } }, 14, 'type must be represented as a number or a string'],
    [{ a: { $type: 42 } }, 2, 'Invalid numerical type code: 42'],
    [{ a: { $type: [] } }, 9, 'a must match at least one type'],
    [{ a: { $regex: 1 } }, 2, '$regex has to be a string'],
    [{ a: { $options: 'i' } }, 2, '$options needs a $regex'],
    [{ a: { $regex: /x/i, $options: 'm' } }, 51075, 'options set in both $regex and $options'],
    [{ a: { $bitsAllSet: -1 } }, 9, 'Expected a non-negative number in: $bitsAllSet: -1'],
    [
      { a: { $bitsAllSet: 'x' } },
      2,
      'a takes an Array, a number, or a BinData but received: $bitsAllSet: "x"',
    ],
    [{ a: { $where: 'x' } }, 2, '$where cannot be applied to a field'],
    [{ a: { $elemMatch: { $expr: true } } }, 2, '$expr can only be applied to the top-level document'],
    [{ $where: 'true' }, 2, '$where needs JavaScript'],
    [{ $text: { $search: 'x' } }, 27, 'text index required for $text query'],
    [{ $jsonSchema: 1 }, 14, '$jsonSchema must be an object'],
    [{ $jsonSchema: { foo: 1 } }, 9, 'Unknown $jsonSchema keyword: foo'],
    [{ a: { $near: [1, 2], $foo: 1 } }, 34413, 'invalid argument in geo near query: $foo'],
    [{ $or: [{ a: { $near: [1, 2] } }, { b: 1 }] }, 2, 'geo $near must be top-level expr'],
  ])('%j', (filter, code, text) => {
    expect(() => compileFilter(filter, env)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    )
  })
})

describe('whole-document conditions', () => {
  it('runs $where in a context of its own when allowed', () => {
    const javascript = true
    expect(matches({ $where: 'this.a === obj.b' }, { a: 1, b: 1 }, { javascript })).toBe(true)
    expect(matches({ $where: 'function () { return this.a > 1 }' }, { a: 1 }, { javascript })).toBe(false)
    expect(matches({ $where: 'return this.a > 0' }, { a: 1 }, { javascript })).toBe(true)
    expect(matches({ $where: 'typeof process' }, { a: 1 }, { javascript })).toBe(true)
    const doc = { a: { b: 1 } }
    matches({ $where: 'this.a.b = 2; return true' }, doc, { javascript })
    expect(doc.a.b).toBe(1)
    expect(() => matches({ $where: 'while (true) {}' }, {}, { javascript })).toThrow(
      expect.objectContaining({ code: 139 }),
    )
  })

  it('finds words when there is a text index', () => {
    const textFields = ['t', 'tags']
    const doc = { t: 'Crème brûlée, 你好世界', tags: ['sweet'] }
    const text = ($search: string) => matches({ $text: { $search } }, doc, { textFields })
    expect([
      text('creme'),
      text('sweet sour'),
      text('cre'),
      text('世'),
      text('"brûlée"'),
      text('creme -sweet'),
    ]).toEqual([true, true, false, true, true, false])
    const { textScore } = compileFilter({ $text: { $search: 'tea' } }, { ...env, textFields: ['t'] })
    expect(textScore?.({ t: 'tea' })).toBeGreaterThan(textScore?.({ t: 'tea with milk' }) ?? 0)
  })

  it('samples by the given source of chance', () => {
    let next = 0
    const random = () => [0.1, 0.9][next++ % 2] ?? 0
    const { matches: sample } = compileFilter({ $sampleRate: 0.5 }, { ...env, random })
    expect([sample({}), sample({})]).toEqual([true, false])
  })

  it('evaluates $expr with variables', () => {
    expect(matches({ $expr: { $eq: ['$a', '$$x'] } }, { a: 5 }, { let: { x: 5 } })).toBe(true)
  })
})

describe('$jsonSchema', () => {
  const schema = {
    bsonType: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      _id: {},
      name: { bsonType: 'string', minLength: 2, maxLength: 4, pattern: '^\\S+$' },
      age: { bsonType: ['int', 'long'], minimum: 0, maximum: 150, exclusiveMaximum: true },
      step: { multipleOf: 0.1 },
      tags: {
        bsonType: 'array',
        uniqueItems: true,
        items: { enum: ['a', 'b', { x: 1, y: 2 }] },
        maxItems: 3,
      },
      pair: { type: 'array', items: [{ type: 'number' }, { type: 'string' }], additionalItems: false },
      kind: { oneOf: [{ minimum: 5 }, { maximum: 10 }] },
      not: { not: { type: 'null' } },
    },
    patternProperties: { '^x_': { type: 'boolean' } },
    dependencies: { age: ['tags'] },
  }
  it.each<[string, Doc, boolean]>([
    ['the least', { name: 'ab' }, true],
    ['a missing required field', {}, false],
    ['a wrong type', { name: 5 }, false],
    ['lengths by code point', { name: '😀😀' }, true],
    ['too long', { name: 'abcde' }, false],
    ['a pattern', { name: 'a b' }, false],
    ['an unknown field', { name: 'ab', other: 1 }, false],
    ['a field by pattern', { name: 'ab', x_y: true }, true],
    ['a field by pattern of the wrong type', { name: 'ab', x_y: 1 }, false],
    ['a dependency', { name: 'ab', age: 5 }, false],
    ['a dependency that is met', { name: 'ab', age: 5, tags: [] }, true],
    ['an exclusive bound', { name: 'ab', age: 150, tags: [] }, false],
    ['a multiple in decimal', { name: 'ab', step: 0.3 }, true],
    ['no multiple', { name: 'ab', step: 0.35 }, false],
    ['items of an enum, members in any order', { name: 'ab', tags: ['a', { y: 2, x: 1 }] }, true],
    ['items twice', { name: 'ab', tags: ['a', 'a'] }, false],
    ['a tuple', { name: 'ab', pair: [1, 'x'] }, true],
    ['a tuple with more', { name: 'ab', pair: [1, 'x', 2] }, false],
    ['one of two', { name: 'ab', kind: 3 }, true],
    ['both of one', { name: 'ab', kind: 7 }, false],
    ['not', { name: 'ab', not: null }, false],
  ])('%s', (_, doc, expected) => {
    expect(matches({ $jsonSchema: schema }, doc)).toBe(expected)
  })
})

describe('the positional index', () => {
  const index = (filter: Doc, doc: Doc) => compileFilter(filter, env).arrayIndex(doc)
  it.each<[string, Doc, Doc, number | undefined]>([
    ['an equality', { a: 2 }, { a: [1, 2] }, 1],
    ['a path through documents', { 'x.a.b': 2 }, { x: { a: [{ b: 1 }, { b: 2 }] } }, 1],
    ['the outer of two arrays', { 'a.b': 2 }, { a: [{ b: [9] }, { b: [0, 2] }] }, 1],
    ['$elemMatch', { a: { $elemMatch: { b: 1, c: 2 } } }, { a: [{ b: 1 }, { b: 1, c: 2 }] }, 1],
    ['nothing for a whole array', { a: [1, 2] }, { a: [1, 2] }, undefined],
    ['nothing for a scalar', { a: 1 }, { a: 1 }, undefined],
    ['nothing for a negation', { a: { $ne: 5 } }, { a: [1] }, undefined],
    ['the branch of $or that holds', { $or: [{ a: 9 }, { a: 2 }] }, { a: [1, 2] }, 1],
    ['the last condition in the normal form', { a: 2, b: 9 }, { a: [1, 2], b: [9] }, 0],
    ['an index in the path is no choice', { 'a.1.b': 5 }, { a: [{}, { b: [4, 5] }] }, 1],
  ])('%s', (_, filter, doc, expected) => {
    expect(index(filter, doc)).toBe(expected)
  })
})

describe('regular expressions', () => {
  it.each<[string, string, string, boolean]>([
    ['^b', 'm', 'a\nb', true],
    ['a$', '', 'a\n', true],
    ['a$', '', 'a\n\n', false],
    ['a.c', '', 'a\rc', true],
    ['a.c', '', 'a\nc', false],
    ['a.c', 's', 'a\nc', true],
    ['a b # comment\n c', 'x', 'abc', true],
    ['(?im)^B', '', 'a\nb', true],
    ['[[:alpha:]]+$', '', 'abc', true],
    ['[]a]', '', ']', true],
    ['[^]a]', '', ']', false],
    ['[\\w.-]+@', '', 'a.b-c@', true],
    ['\\Qa.b\\E$', '', 'axb', false],
    ['\\Aab\\z', '', 'ab', true],
    ['^.$', '', '😀', true],
    ['\\p{Han}', '', '汉', true],
    ['(?P<n>a)(?P=n)', '', 'aa', true],
    ['a{,3}', '', 'a{,3}', true],
    ['(a)|b\\1', '', 'a', true],
    ['[^\\S]', '', ' ', true],
    ['\\/', '', '/', true],
    ['[&&--]', '', '&', true],
  ])('%s with %j on %j: %s', (pattern, options, text, expected) => {
    expect(translateRegex(pattern, options).test(text)).toBe(expected)
  })

  it.each<[string, string, number, string]>([
    ['(', '', 51091, 'missing closing parenthesis'],
    ['a)', '', 51091, 'unmatched closing parenthesis'],
    ['*a', '', 51091, 'quantifier does not follow a repeatable item'],
    ['[a', '', 51091, 'missing terminating ] for character class'],
    ['a++', '', 51091, 'possessive quantifier ++'],
    ['(?>a)', '', 51091, '(?>'],
    ['a(?i)b', '', 51091, '(?i'],
    ['(?R)', '', 51091, '(?R'],
    ['\\u4e00', '', 51091, 'does not support'],
    ['\\y', '', 51091, 'unrecognized character follows'],
    ['a', 'q', 51108, 'invalid flag in regex options: q'],
    ['a'.repeat(40_000), '', 2, 'too long'],
  ])('refuses %s', (pattern, options, code, text) => {
    expect(() => translateRegex(pattern, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    )
  })

  it('keeps options of a BSONRegExp and ignores JavaScript state', () => {
    expect(matches({ a: new BSONRegExp('a b', 'x') }, { a: 'ab' })).toBe(true)
    const { matches: again } = compileFilter({ a: /b/g }, env)
    expect([again({ a: 'abc' }), again({ a: 'abc' })]).toEqual([true, true])
  })

  it.each([
    ['^abc', '', 'abc'],
    ['^abc?', '', 'ab'],
    ['^ab\\.c.*', '', 'ab.c'],
    ['^a|b', '', undefined],
    ['abc', '', undefined],
    ['^abc', 'i', undefined],
    ['^(abc)', '', undefined],
  ])('knows the prefix of %s', (pattern, options, expected) => {
    expect(regexPrefix(pattern, options)).toBe(expected)
  })
})

describe('random filters', () => {
  const operators = ['$eq', '$gt', '$gte', '$lt', '$lte', '$ne']

  it('agree with their own negation and with $in', () => {
    const random = new RandomValues(11)
    for (let round = 0; round < 3_000; round += 1) {
      const operand = random.value(1)
      const condition = { [random.pick(operators)]: bsonTypeName(operand) === 'regex' ? 1 : operand }
      const doc: Doc = random.next() < 0.2 ? {} : { a: random.value(2) }
      const plain = matches({ a: condition }, doc)
      expect(matches({ $nor: [{ a: condition }] }, doc)).toBe(!plain)
      expect(matches({ a: { $not: condition } }, doc)).toBe(!plain)
      if ('$eq' in condition) expect(matches({ a: { $in: [condition.$eq] } }, doc)).toBe(plain)
    }
  })

  it('put every comparable value on one side of a bound', () => {
    const random = new RandomValues(12)
    for (let round = 0; round < 3_000; round += 1) {
      const [bound, value] = [random.number(), random.number()]
      const [below, equal, above] = ['$lt', '$eq', '$gt'].map((name) =>
        matches({ a: { [name]: bound } }, { a: value }),
      )
      const unordered = [bound, value].some((each) => String(each) === 'NaN')
      if (!unordered) expect([below, equal, above].filter(Boolean)).toHaveLength(1)
    }
  })
})
