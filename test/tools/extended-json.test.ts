import { Binary, BSONRegExp, Double, EJSON, Int32, Long, ObjectId, serialize } from 'bson'
import { describe, expect, test } from 'vitest'
import { ExtendedJsonError, parseExtendedJson } from '../../database/extended-json/parse.ts'
import { writeExtendedJson } from '../../database/extended-json/write.ts'
import { RandomValues } from '../database/engine/random-values.ts'
import { everyType } from './every-type.ts'

/** Bytes tell what `toEqual` does not: kinds of numbers, order of members, prototypes. */
function bytes(doc: unknown): string {
  return Buffer.from(serialize(doc as Record<string, unknown>)).toString('hex')
}

describe('what is written is read back as it was', () => {
  test.each([false, true])('every type, canonical: %s', (canonical) => {
    const doc = everyType()
    const text = writeExtendedJson(doc, { canonical })
    expect(text).not.toContain('\n')
    const back = parseExtendedJson(text)
    expect(bytes(back)).toBe(bytes(doc))
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(Object.hasOwn(back as object, '__proto__')).toBe(true)
  })

  test.each([false, true])('random values, canonical: %s', (canonical) => {
    const random = new RandomValues(7)
    for (let round = 0; round < 2000; round++) {
      const doc = { v: random.value(3) }
      expect(bytes(parseExtendedJson(writeExtendedJson(doc, { canonical })))).toBe(bytes(doc))
    }
  })
})

describe('other programs read what is written', () => {
  test('canonical text is what the driver writes', () => {
    const { largeDouble, hugeDouble, __proto__: _, ...doc } = everyType()
    expect(JSON.parse(writeExtendedJson(doc, { canonical: true }))).toEqual(
      EJSON.serialize(doc, { relaxed: false }),
    )
  })

  test('the driver reads the default form without loss', () => {
    const doc = everyType()
    expect(bytes(EJSON.parse(writeExtendedJson(doc), { relaxed: false }))).toBe(bytes(doc))
  })
})

const relaxed: [name: string, value: unknown, text: string][] = [
  ['an int', 5, '5'],
  ['an Int32', new Int32(5), '5'],
  ['a small long', Long.fromNumber(5), '{"$numberLong":"5"}'],
  ['milliseconds', Long.fromNumber(1700000000000), '1700000000000'],
  [
    'a long that doubles cannot hold',
    Long.fromString('9007199254740993'),
    '{"$numberLong":"9007199254740993"}',
  ],
  ['a fraction', 0.5, '0.5'],
  ['a whole double', new Double(5), '{"$numberDouble":"5.0"}'],
  ['a whole double beyond int32', 1e12, '{"$numberDouble":"1000000000000.0"}'],
  ['minus zero', -0, '{"$numberDouble":"-0.0"}'],
  ['a date', new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
  ['a date before 1970', new Date(-1), '{"$date":{"$numberLong":"-1"}}'],
  ['a bigint', 7n, '{"$numberLong":"7"}'],
  ['bytes', Buffer.from('a'), '{"$binary":{"base64":"YQ==","subType":"00"}}'],
  ['members without a value', { a: undefined, b: () => 1, c: [undefined] }, '{"c":[null]}'],
  ['an id', new ObjectId('60fa6d1d2e5faa0001ade857'), '{"$oid":"60fa6d1d2e5faa0001ade857"}'],
]

test.each(relaxed)('%s is written plainly where nothing is lost', (_name, value, text) => {
  expect(writeExtendedJson(value)).toBe(text)
})

const readings: [text: string, value: unknown][] = [
  ['5', 5],
  ['5.0', new Double(5)],
  ['-0', new Double(-0)],
  ['1e3', new Double(1000)],
  ['2.5', 2.5],
  ['3000000000', Long.fromNumber(3000000000)],
  ['9007199254740993', Long.fromString('9007199254740993')],
  ['9223372036854775808', new Double(2 ** 63)],
  ['{"$date": 1577836800000}', new Date('2020-01-01')],
  ['{"$date": -5}', new Date(-5)],
  ['{"$date": "2020-01-01T08:00:00+08:00"}', new Date('2020-01-01')],
  ['{"$date": {"$numberLong": "-1"}}', new Date(-1)],
  ['{"$numberLong": 5}', Long.fromNumber(5)],
  ['{"$numberDouble": "-Infinity"}', new Double(Number.NEGATIVE_INFINITY)],
  ['{"$binary": "YQ==", "$type": "80"}', new Binary(Buffer.from('a'), 128)],
  [
    '{"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}',
    new Binary(Buffer.from('00112233445566778899aabbccddeeff', 'hex'), 4),
  ],
  ['{"$regex": "^a", "$options": "i"}', new BSONRegExp('^a', 'i')],
  ['{"$regex": {"$oid": "60fa6d1d2e5faa0001ade857"}}', { $regex: new ObjectId('60fa6d1d2e5faa0001ade857') }],
  ['{"$undefined": true}', null],
  ['{"$ref": "c", "$id": 1}', { $ref: 'c', $id: 1 }],
  ['{"$gt": 5}', { $gt: 5 }],
  ['{"$oid": "60fa6d1d2e5faa0001ade857", "more": 1}', { $oid: '60fa6d1d2e5faa0001ade857', more: 1 }],
  ['\ufeff // comment\n {"a": [1, /* two */ 2,], /* end */}', { a: [1, 2] }],
  ['"\\u0041\\n\\/"', 'A\n/'],
]

test.each(readings)('%s is read', (text, value) => {
  expect(parseExtendedJson(text)).toEqual(value)
})

test('ids as text, for providers whose rules decide', () => {
  expect(parseExtendedJson('{"_id":{"$oid":"60FA6D1D2E5FAA0001ADE857"}}', 'text')).toEqual({
    _id: '60FA6D1D2E5FAA0001ADE857',
  })
})

const faults: [text: string, offset: number, message: RegExp][] = [
  ['', 0, /ends where a value should stand/],
  ['{"a":}', 5, /'}' is no JSON value/],
  ['{"a":1', 6, /ends before '}'/],
  ['{"a" 1}', 5, /expected ':'/],
  ['{a:1}', 1, /double quotes/],
  ['{"a":1 "b":2}', 7, /expected ',' or '}'/],
  ['[1 2]', 3, /expected ',' or '\]'/],
  ['{"a":"x', 5, /not closed/],
  ['{"a":"x\ty"}', 5, /not closed/],
  ['{"a":"\\x"}', 5, /unknown escape/],
  ['{"a":01}', 5, /'01' is no JSON value/],
  ['{"a":NaN}', 5, /'NaN' is no JSON value/],
  ['{"a":1} x', 8, /nothing may follow/],
  ['{"a":1/2}', 6, /expected ','/],
  ['{"a": {"$date": "soon"}}', 6, /\{"\$date":"soon"\} is not a valid \$date/],
  ['{"a": {"$oid": 5}}', 6, /is not a valid \$oid/],
  ['{"a": {"$numberInt": "3000000000"}}', 6, /is not a valid \$numberInt/],
  ['{"a": {"$numberLong": "9223372036854775808"}}', 6, /is not a valid \$numberLong/],
  ['{"a": {"$numberDecimal": "x"}}', 6, /is not a valid \$numberDecimal/],
  ['{"a": {"$binary": {"base64": "?"}}}', 6, /is not a valid \$binary/],
  ['{"a": {"$timestamp": {"t": -1, "i": 0}}}', 6, /is not a valid \$timestamp/],
  ['['.repeat(176), 175, /deeper than 175/],
  ['{"a":1,"b\\u0000":2}', 7, /NUL/],
  ['{"a":{"$regex":"\\u0000"}}', 5, /is not a valid \$regex/],
]

test.each(faults)('%s is refused where it goes wrong', (text, offset, message) => {
  const attempt = () => parseExtendedJson(text)
  expect(attempt).toThrow(ExtendedJsonError)
  expect(attempt).toThrow(message)
  expect(attempt).toThrow(expect.objectContaining({ offset }))
})

test('objects that look like special ones are told', () => {
  const told: string[] = []
  writeExtendedJson(
    { a: [{ b: { $oid: 'x' } }], c: { $date: 1, more: 2 }, $minKey: 1 },
    { ambiguous: (path) => told.push(path) },
  )
  expect(told).toEqual(['a.b'])
})
