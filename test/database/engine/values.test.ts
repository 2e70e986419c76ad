import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../../database/command.ts'
import { codeName, fail } from '../../../database/engine/errors.ts'
import { deepClone } from '../../../database/engine/values/clone.ts'
import {
  comparator,
  compareValues,
  equalValues,
  identicalValues,
} from '../../../database/engine/values/compare.ts'
import { encodeKey, groupKeyEncoder } from '../../../database/engine/values/keys.ts'
import { normalizeDocument } from '../../../database/engine/values/normalize.ts'
import {
  add,
  ceiling,
  divide,
  floor,
  mod,
  multiply,
  round,
  subtract,
  toDecimal,
  toInt32,
  toLong,
  toSafeInteger,
  truncate,
} from '../../../database/engine/values/numbers.ts'
import { getOwn, setOwn } from '../../../database/engine/values/own.ts'
import { bsonTypeName, type Doc, MISSING } from '../../../database/engine/values/types.ts'
import { RandomValues } from './random-values.ts'

const decimal = (text: string) => Decimal128.fromString(text)
const long = (value: bigint | number) => Long.fromBigInt(BigInt(value))

/** A value with its kind, so that `1`, `Long 1` and `1.0` are told apart. */
function shown(value: unknown): string {
  return `${bsonTypeName(value)} ${String(value)}`
}

describe('order of values', () => {
  const random = new RandomValues(20261101)
  const pool = Array.from({ length: 400 }, () => random.value())

  it('is antisymmetric', () => {
    for (const a of pool) {
      for (const b of pool.slice(0, 150)) expect(compareValues(a, b) + compareValues(b, a)).toBe(0)
    }
  })

  it('is transitive', () => {
    const sorted = [...pool].sort(compareValues)
    for (let i = 0; i < sorted.length; i += 1) {
      for (let j = i + 1; j < sorted.length; j += 7) {
        if (compareValues(sorted[i], sorted[j]) > 0) {
          expect.fail(`${shown(sorted[i])} sorts before ${shown(sorted[j])} but is greater`)
        }
      }
    }
  })

  it('orders numbers of all kinds on one line', () => {
    const numbers = Array.from({ length: 600 }, () => random.number()).sort(compareValues)
    for (let i = 0; i < numbers.length; i += 1) {
      for (let j = i + 1; j < numbers.length; j += 5) {
        if (compareValues(numbers[i], numbers[j]) > 0) {
          expect.fail(`${shown(numbers[i])} sorts before ${shown(numbers[j])} but is greater`)
        }
      }
    }
  })

  it.each([
    ['an int32 and a Long of the same value', 1, long(1), 0],
    ['a double and a Decimal128 of the same digits', 0.1, decimal('0.1'), 1],
    ['Longs beyond doubles', long(9007199254740993n), long(9007199254740992n), 1],
    ['a Long and the double it rounds to', long(9007199254740993n), 9007199254740992, 1],
    ['a Long and a Decimal128 beyond doubles', long(9007199254740993n), decimal('9007199254740993'), 0],
    ['NaN below everything numeric', Number.NaN, Number.NEGATIVE_INFINITY, -1],
    ['NaN of two kinds', Number.NaN, decimal('NaN'), 0],
    ['zeros', -0, 0, 0],
    ['strings by code point', '\u{1f600}', '\uff5e', 1],
    ['missing and null', MISSING, null, -1],
    ['MinKey and missing', new MinKey(), MISSING, -1],
    ['MaxKey and a regex', new MaxKey(), /a/, 1],
    ['a document by its first member type', { x: 'a' }, { y: 1 }, 1],
    ['a document by member names', { y: 1 }, { x: 2 }, 1],
    ['a prefix of a document', { x: 1 }, { x: 1, y: 1 }, -1],
    ['binary by length first', new Binary(Buffer.from('z')), new Binary(Buffer.from('aa')), -1],
    ['binary by subtype', new Binary(Buffer.from('a'), 5), new Binary(Buffer.from('a'), 0), 1],
    ['an empty and a filled array', [], [null], -1],
  ])('compares %s', (_, a, b, expected) => {
    expect(compareValues(a, b)).toBe(expected)
    expect(equalValues(a, b)).toBe(expected === 0)
  })

  it('tells equal values apart that are not identical', () => {
    expect(identicalValues(1, long(1))).toBe(false)
    expect(identicalValues(5, new Double(5))).toBe(false)
    expect(identicalValues(decimal('1.0'), decimal('1'))).toBe(false)
    expect(identicalValues({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true)
    expect(identicalValues({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false)
  })

  it('collates strings, but not field names', () => {
    const order = comparator({ locale: 'en', strength: 2 })
    expect(order('abc', 'ABC')).toBe(0)
    expect(order({ a: 'x' }, { a: 'X' })).toBe(0)
    expect(order({ a: 'x' }, { A: 'x' })).not.toBe(0)
    expect(comparator({ locale: 'en', numericOrdering: true })('10', '9')).toBe(1)
    expect(comparator({ locale: 'zh' })('张', '李')).toBe(1)
    expect(comparator({ locale: 'simple' })('a', 'B')).toBe(1)
  })

  it.each([
    [{ locale: 'xx-invalid-locale-name' }, 2],
    [{ strength: 2 }, 40414],
    [{ locale: 'en', strength: 9 }, 2],
    [{ locale: 'en', caseLevel: 1 }, 14],
    [{ locale: 'en', foo: 1 }, 40415],
  ])('refuses the collation %j', (collation, code) => {
    expect(() => comparator(collation)).toThrow(expect.objectContaining({ code }))
  })
})

describe('keys', () => {
  const random = new RandomValues(7)

  it('order and compare as the values do, forwards and backwards', () => {
    for (let round = 0; round < 20_000; round += 1) {
      const [a, b] = round % 2 === 0 ? [random.number(), random.number()] : [random.value(), random.value()]
      const expected = compareValues(a, b)
      const [up, otherUp] = [encodeKey(a), encodeKey(b)]
      const [down, otherDown] = [encodeKey(a, true), encodeKey(b, true)]
      const got = up < otherUp ? -1 : up > otherUp ? 1 : 0
      const inverted = down < otherDown ? 1 : down > otherDown ? -1 : 0
      if (got !== expected || inverted !== expected) {
        expect.fail(`${shown(a)} and ${shown(b)}: order ${expected}, keys ${got}, inverted ${inverted}`)
      }
    }
  })

  it('never begin with one another, so that compound keys order by their parts', () => {
    const keys = Array.from({ length: 3_000 }, () => encodeKey(random.value()))
    const sorted = [...new Set(keys)].sort()
    for (let i = 1; i < sorted.length; i += 1) expect(sorted[i]!.startsWith(sorted[i - 1]!)).toBe(false)
  })

  it('hold nothing above one byte', () => {
    for (let i = 0; i < 500; i += 1) expect(/^[\0-\xff]*$/.test(encodeKey(random.value()))).toBe(true)
  })

  it('give missing the key of null', () => {
    expect(encodeKey(MISSING)).toBe(encodeKey(null))
  })

  it('group under a collation', () => {
    const key = groupKeyEncoder({ locale: 'en', strength: 2 })
    expect(key('abc')).toBe(key('ABC'))
    expect(key({ a: ['Ä'] })).toBe(key({ a: ['ä'] }))
    expect(key('b')).not.toBe(key('abc'))
    expect(groupKeyEncoder()('a')).not.toBe(groupKeyEncoder()('A'))
  })
})

describe('arithmetic', () => {
  it.each([
    ['int + int', add(1, 2), 'int 3'],
    ['int overflow widens to long', add(2147483647, 1), 'long 2147483648'],
    ['int difference below range', subtract(-2147483648, 1), 'long -2147483649'],
    ['int product beyond 2^53 stays exact', multiply(2147483647, 2147483647), 'long 4611686014132420609'],
    ['zero times a negative is no −0', multiply(-1, 0), 'int 0'],
    ['int + double', add(1, 0.5), 'double 1.5'],
    ['long + int', add(long(9007199254740993n), 1), 'long 9007199254740994'],
    [
      'long + long out of range becomes double',
      add(long(9223372036854775807n), 1),
      'double 9223372036854776000',
    ],
    ['int + Int32', add(1, new Int32(2)), 'int 3'],
    ['decimal + decimal', add(decimal('0.1'), decimal('0.2')), 'decimal 0.3'],
    ['decimal keeps trailing zeros', add(decimal('1.10'), decimal('1.90')), 'decimal 3.00'],
    ['decimal + double takes 15 digits of it', add(decimal('1'), 0.1), 'decimal 1.100000000000000'],
    ['decimal + int', add(decimal('1.5'), 2), 'decimal 3.5'],
    [
      'decimal product rounds half even to 34 digits',
      multiply(decimal('1.000000000000000000000000000000005'), decimal('1.1')),
      'decimal 1.100000000000000000000000000000006',
    ],
    ['int / int is a double', divide(7, 2), 'double 3.5'],
    ['decimal / int', divide(decimal('1'), 3), 'decimal 0.3333333333333333333333333333333333'],
    ['exact decimal quotient', divide(decimal('10'), decimal('4')), 'decimal 2.5'],
    ['decimal / 0', divide(decimal('1'), decimal('0')), 'decimal Infinity'],
    ['remainder has the sign of the dividend', mod(-5, 3), 'int -2'],
    ['remainder without −0', mod(-4, 2), 'int 0'],
    ['remainder of doubles', mod(5.5, 2), 'double 1.5'],
    ['remainder of a long', mod(long(9007199254740993n), 10), 'long 3'],
    ['remainder of decimals', mod(decimal('5.5'), decimal('2')), 'decimal 1.5'],
    ['round half even', round(2.5), 'int 2'],
    ['round with places', round(1.25, 1), 'double 1.2'],
    ['round an int at tens', round(155, -1), 'int 160'],
    ['truncate', truncate(-2.7), 'int -2'],
    ['truncate a decimal', truncate(decimal('2.789'), 2), 'decimal 2.78'],
    ['floor', floor(-2.5), 'int -3'],
    ['ceiling of a decimal', ceiling(decimal('2.1')), 'decimal 3'],
    ['to decimal: 15 digits of a double', toDecimal(2.5), 'decimal 2.50000000000000'],
    ['to decimal: exact from long', toDecimal(long(9007199254740993n)), 'decimal 9007199254740993'],
    ['to int', toInt32(decimal('7.9')), 'int 7'],
    ['to long', toLong(1e18), 'long 1000000000000000000'],
  ])('%s', (_, result, expected) => {
    expect(shown(result)).toBe(expected)
  })

  it('says when an integer does not fit', () => {
    expect(toInt32(2147483648)).toBeUndefined()
    expect(toLong(1e19)).toBeUndefined()
    expect(toLong(Number.NaN)).toBeUndefined()
    expect(toSafeInteger(1.5)).toBeUndefined()
    expect(toSafeInteger(long(9007199254740993n))).toBeUndefined()
    expect(toSafeInteger(decimal('12'))).toBe(12)
  })
})

describe('documents', () => {
  it('reads and writes names that exist on prototypes', () => {
    const doc: Doc = {}
    expect(getOwn(doc, 'constructor')).toBe(MISSING)
    expect(getOwn(doc, '__proto__')).toBe(MISSING)
    setOwn(doc, '__proto__', { polluted: true })
    setOwn(doc, 'toString', 'x')
    expect(getOwn(doc, '__proto__')).toEqual({ polluted: true })
    expect(getOwn(doc, 'toString')).toBe('x')
    expect(Object.keys(doc)).toEqual(['__proto__', 'toString'])
    expect(({} as Doc).polluted).toBeUndefined()
  })

  it('normalizes what comes in', () => {
    const bytes = new Uint8Array([1, 2])
    const given = {
      a: new Int32(5),
      b: new Double(5),
      c: new Double(5.5),
      d: 5n,
      e: bytes,
      f: undefined,
      g: [undefined],
    }
    const doc = normalizeDocument(given)
    bytes[0] = 9
    expect(Object.keys(doc)).toEqual(['a', 'b', 'c', 'd', 'e', 'g'])
    expect([doc.a, doc.c, doc.g]).toEqual([5, 5.5, [null]])
    expect([bsonTypeName(doc.b), bsonTypeName(doc.d), bsonTypeName(doc.e)]).toEqual([
      'double',
      'long',
      'binData',
    ])
    expect((doc.e as Binary).buffer[0]).toBe(1)
  })

  it('refuses documents that nest too deep', () => {
    let doc: Doc = {}
    for (let i = 0; i < 200; i += 1) doc = { doc }
    expect(() => normalizeDocument(doc)).toThrow(expect.objectContaining({ code: 15 }))
  })

  it('clones everything that can be modified', () => {
    const original = { d: new Date(0), l: [{ b: new Binary(Buffer.from('a')) }], o: new ObjectId() }
    const copy = deepClone(original)
    copy.d.setTime(1)
    copy.l[0]!.b.buffer[0] = 0
    copy.l.push(copy.l[0]!)
    expect(original.d.getTime()).toBe(0)
    expect(original.l).toHaveLength(1)
    expect(original.l[0]!.b.buffer[0]).toBe(97)
  })

  it('names every type', () => {
    expect(
      [1, 1.5, -0, new Double(1), long(1), decimal('1'), 'x', null, [], {}, true].map(bsonTypeName),
    ).toEqual([
      'int',
      'double',
      'double',
      'double',
      'long',
      'decimal',
      'string',
      'null',
      'array',
      'object',
      'bool',
    ])
    expect(bsonTypeName({ _bsontype: 'Long' })).toBe('object')
  })
})

describe('errors', () => {
  it('carry the name that belongs to the code', () => {
    expect(() => fail(28, 'text')).toThrow(DatabaseError)
    expect([codeName(2), codeName(11000), codeName(31254)]).toEqual([
      'BadValue',
      'DuplicateKey',
      'Location31254',
    ])
  })
})
