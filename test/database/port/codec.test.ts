import { runInNewContext } from 'node:vm'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  EJSON,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson'
import { describe, expect, test } from 'vitest'
import { decodeFromPort, encodeForPort } from '../../../database/engine/port-codec.ts'
import { RandomValues } from '../engine/random-values.ts'

/** Through a real port, in the same thread. */
function carry(value: unknown, numbers: 'engine' | 'caller' = 'caller'): unknown {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(JSON.stringify(encodeForPort(value)))
  const { message } = receiveMessageOnPort(port2) as { message: string }
  port1.close()
  return decodeFromPort(JSON.parse(message), numbers)
}

const proto = JSON.parse('{"a":1,"__proto__":{"polluted":true}}') as unknown

const values: [string, unknown][] = [
  ['ObjectId', new ObjectId()],
  ['Long', Long.fromString('-9007199254740993')],
  ['Timestamp', new Timestamp({ t: 4_294_967_295, i: 4_294_967_294 })],
  ['Decimal128', Decimal128.fromString('-12.300')],
  ['Double', new Double(5)],
  ['Binary', new Binary(new Uint8Array([1, 2, 3]), 128)],
  ['MinKey', new MinKey()],
  ['MaxKey', new MaxKey()],
  ['BSONRegExp', new BSONRegExp('a', 'x')],
  ['BSONSymbol', new BSONSymbol('s')],
  ['Code', new Code('f()', { id: new ObjectId() })],
  ['RegExp', /a\/b/i],
  ['Date', new Date(5)],
  ['numbers JSON does not know', [Number.NaN, Number.NEGATIVE_INFINITY, -0, new Double(-0)]],
  ['half a surrogate pair', '\ud83d'],
  ['plain values', { a: null, b: [1, 'x', true, [new ObjectId()]], c: { d: new Date(0) } }],
  ['something that looks like a tag', { $$: ['o', 'not an id'] }],
  ['a tag within a tag', { $$: { $$: [new ObjectId()] } }],
  ['an empty tag', { $$: null }],
  ['a field beside the mark', { $$: 1, other: 2 }],
  ['__proto__', proto],
]

describe('values through a port', () => {
  test.each(values)('%s', (_name, value) => {
    expect(EJSON.stringify(carry(value), { relaxed: false })).toBe(EJSON.stringify(value, { relaxed: false }))
  })

  test('random values', () => {
    const random = new RandomValues(1)
    for (let round = 0; round < 2000; round++) {
      const value = { value: random.value(3) }
      expect(EJSON.stringify(carry(value) as object, { relaxed: false })).toBe(
        EJSON.stringify(value, { relaxed: false }),
      )
    }
  })

  test('what has no value is dropped in documents and null in arrays, as in BSON', () => {
    const value = { a: undefined, b: [undefined, () => 1], c: () => 1, d: Symbol('x') }
    expect(carry(value)).toEqual({ b: [null, null] })
  })

  test('toward the engine numbers lose their wrappers, except a double that looks like an int', () => {
    const decoded = carry(
      { a: new Int32(5), b: new Double(1.5), c: new Double(5), d: 7n },
      'engine',
    ) as Record<string, unknown>
    expect(decoded).toMatchObject({ a: 5, b: 1.5 })
    expect(decoded.c).toBeInstanceOf(Double)
    expect(decoded.d).toBeInstanceOf(Long)
  })

  test('buffers become binary values', () => {
    const { a, b } = carry({ a: Buffer.from([1, 2]), b: new Uint8Array([3]) }) as Record<string, Binary>
    expect([a!.toString('hex'), b!.toString('hex'), a!.sub_type]).toEqual(['0102', '03', 0])
  })

  test('objects with toBSON and maps are what they stand for', () => {
    class Money {
      toBSON() {
        return { amount: Decimal128.fromString('1') }
      }
    }
    expect(EJSON.stringify(carry({ price: new Money(), map: new Map([['k', 1]]) }) as object)).toBe(
      '{"price":{"amount":{"$numberDecimal":"1"}},"map":{"k":1}}',
    )
  })

  test('things no port takes do no harm', () => {
    expect(
      carry({ proxy: new Proxy({ a: 1 }, {}), promise: Promise.resolve(), weak: new WeakMap() }),
    ).toEqual({
      proxy: { a: 1 },
      promise: {},
      weak: {},
    })
  })

  test('dates without a time, and of another realm', () => {
    const other = runInNewContext('new Date(7)') as Date
    expect(carry({ none: new Date(Number.NaN), other })).toEqual({
      none: new Date(Number.NaN),
      other: new Date(7),
    })
  })

  test('objects with toJSON are what their members are', () => {
    class Point {
      x = 1
      toJSON() {
        return 'point'
      }
    }
    expect(carry({ point: new Point(), own: { x: 2, toJSON: () => 'own' } })).toEqual({
      point: { x: 1 },
      own: { x: 2 },
    })
  })

  test('a circle is refused', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(() => encodeForPort(circle)).toThrow(/runs in a circle/)
  })

  test('without a need for tags nothing is copied', () => {
    const plain = { a: [1, { b: 'x' }] }
    expect(encodeForPort(plain)).toBe(plain)
  })
})
