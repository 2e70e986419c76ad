import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson'
import { describe, expect, test } from 'vitest'
import { BsonReader } from '../../../database/engine/store/bson-reader.ts'
import { BsonWriter } from '../../../database/engine/store/bson-writer.ts'
import { crc32c } from '../../../database/engine/store/crc32c.ts'
import { sizeOf } from '../../../database/engine/store/size.ts'
import type { Doc } from '../../../database/engine/values/types.ts'

function write(doc: Doc): Buffer {
  const writer = new BsonWriter(16)
  writer.document(doc)
  return Buffer.from(writer.bytes)
}

const proto: Doc = { a: 1 }
Object.defineProperty(proto, '__proto__', {
  value: { polluted: 1 },
  enumerable: true,
  configurable: true,
  writable: true,
})

const documents: [string, Doc][] = [
  ['nothing', {}],
  [
    'numbers',
    {
      zero: 0,
      one: 1,
      edge: 2_147_483_647,
      low: -2_147_483_648,
      over: 2_147_483_648,
      half: 0.5,
      minus: -0,
      inf: Infinity,
      ninf: -Infinity,
      tiny: 5e-324,
    },
  ],
  ['NaN', { nan: Number.NaN }],
  ['a double that looks like an int', { a: new Double(5), b: [new Double(-0), new Double(7)] }],
  ['longs', { max: Long.MAX_VALUE, min: Long.MIN_VALUE, small: Long.fromNumber(3) }],
  [
    'decimals',
    {
      a: Decimal128.fromString('1.50'),
      b: Decimal128.fromString('-1E+6000'),
      c: Decimal128.fromString('NaN'),
    },
  ],
  [
    'strings',
    {
      '': 'empty name',
      a: '',
      ascii: 'plain',
      long: 'x'.repeat(1000),
      wide: '中文字符',
      pair: '😀',
      nul: 'a\0b',
      accents: 'éàü'.repeat(20),
    },
  ],
  ['names beyond ASCII', { é: 1, 'Ã©': 2, 名前: { 名前: 1 } }],
  ['nesting', { a: { b: { c: [1, [2, [3, { d: null }]]] } }, empty: [], none: {} }],
  ['a long array', { list: Array.from({ length: 1200 }, (_, at) => at) }],
  ['dates', { now: new Date(1_700_000_000_123), past: new Date(-1), far: new Date(8.64e15) }],
  [
    'binaries',
    {
      plain: new Binary(new Uint8Array([1, 2, 3]), 0),
      uuid: new Binary(new Uint8Array(16), 4),
      old: new Binary(new Uint8Array([9]), 2),
      none: new Binary(new Uint8Array(0), 0),
    },
  ],
  [
    'regular expressions',
    { js: /a+b/i, flags: /x/im, bson: new BSONRegExp('(?i)x', 'x'), empty: new BSONRegExp('', '') },
  ],
  [
    'the rest',
    {
      id: new ObjectId(),
      stamp: new Timestamp({ t: 4_294_967_295, i: 7 }),
      min: new MinKey(),
      max: new MaxKey(),
      symbol: new BSONSymbol('s'),
      code: new Code('f()'),
      scoped: new Code('g()', { x: 1 }),
      yes: true,
      no: false,
      nothing: null,
    },
  ],
  ['__proto__', proto],
]

describe('BSON', () => {
  test.each(documents)('%s: the same bytes as the official package', (_name, doc) => {
    expect(write(doc).toString('hex')).toBe(Buffer.from(BSON.serialize(doc)).toString('hex'))
  })

  test.each(documents)('%s: comes back as it was', (_name, doc) => {
    const back = new BsonReader(write(doc)).document()
    expect(write(back).toString('hex')).toBe(write(doc).toString('hex'))
    expect(BSON.EJSON.stringify(back, { relaxed: false })).toBe(BSON.EJSON.stringify(doc, { relaxed: false }))
  })

  test.each(documents)('%s: its size is known without writing it', (_name, doc) => {
    expect(sizeOf(doc)).toBe(write(doc).length)
  })

  test('a double that looks like an int keeps its class, other numbers have none', () => {
    const back = new BsonReader(write({ a: new Double(5), b: 5, c: 5.5, d: Long.fromNumber(5) })).document()
    expect(back.a).toBeInstanceOf(Double)
    expect(back.b).toBe(5)
    expect(back.c).toBe(5.5)
    expect(back.d).toBeInstanceOf(Long)
  })

  test('a field called __proto__ is a field', () => {
    const back = new BsonReader(write(proto)).document()
    expect(Object.keys(back)).toEqual(['a', '__proto__'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
  })

  test('the flag s survives, which the official package loses', () => {
    expect(new BsonReader(write({ a: /x/s })).document()).toEqual({ a: /x/s })
  })

  test('every cut is noticed', () => {
    const bytes = write({ a: 'text', b: [1, 2], c: new ObjectId() })
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new BsonReader(bytes.subarray(0, length)).document()).toThrow()
    }
  })
})

test('CRC-32C: the published check value, and in pieces', () => {
  const bytes = Buffer.from('123456789')
  expect(crc32c(bytes)).toBe(0xe3069283)
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(0xe3069283)
  }
})
