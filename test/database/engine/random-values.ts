import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'

/** Random values for fuzz tests: repeatable from a seed, and close to each other often enough to matter. */
export class RandomValues {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A number in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  integer(below: number): number {
    return Math.floor(this.next() * below)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(choices.length)]!
  }

  /** A value of any BSON type the engine stores, nested up to `depth`. */
  value(depth = 2): unknown {
    const kind = this.integer(depth > 0 ? 16 : 13)
    switch (kind) {
      case 0:
      case 1:
      case 2:
        return this.number()
      case 3:
      case 4:
        return this.text()
      case 5:
        return null
      case 6:
        return this.next() < 0.5
      case 7:
        return new Date(this.pick([0, 1, -1, 1577836800000, -62135596800000, 8640000000000000]))
      case 8:
        return new ObjectId(`00000000000000000000000${this.integer(4)}`)
      case 9:
        return new Binary(Buffer.from(this.text()), this.pick([0, 4, 5]))
      case 10:
        return new Timestamp({ t: this.pick([0, 1, 4294967295]), i: this.pick([0, 1, 4294967295]) })
      case 11:
        return this.pick([/a/, /a/i, /b/, new BSONRegExp('a', 'x'), new BSONRegExp('a', 'i')])
      case 12:
        return this.pick([new MinKey(), new MaxKey()])
      case 13:
        return Array.from({ length: this.integer(4) }, () => this.value(depth - 1))
      default:
        return Object.fromEntries(
          Array.from({ length: this.integer(4) }, () => [this.pick(NAMES), this.value(depth - 1)]),
        )
    }
  }

  /** A number of any kind, mostly next to the places where kinds and precisions meet. */
  number(): unknown {
    switch (this.integer(8)) {
      case 0:
        return this.integer(7) - 3
      case 1:
        return this.pick(DOUBLES)
      case 2:
        return new Double(this.integer(5) - 2)
      case 3:
        return Long.fromBigInt(this.nearEdge())
      case 4:
        return Decimal128.fromString(this.nearEdge().toString())
      case 5:
        return Decimal128.fromString(this.pick(DECIMALS))
      case 6:
        // The double and decimals beside its exact value.
        return this.next() < 0.5 ? this.pick(FRACTIONS) : this.besideFraction()
      default:
        return (this.next() - 0.5) * 10 ** (this.integer(40) - 20)
    }
  }

  text(): string {
    return Array.from({ length: this.integer(4) }, () => this.pick(CHARACTERS)).join('')
  }

  private nearEdge(): bigint {
    const edge = this.pick(EDGES)
    const moved = edge + BigInt(this.integer(7) - 3)
    const limited = moved > 9223372036854775807n ? 9223372036854775807n : moved
    return limited < -9223372036854775808n ? -9223372036854775808n : limited
  }

  private besideFraction(): Decimal128 {
    const digits = this.pick(FRACTIONS).toFixed(20).replace(/0+$/, '')
    return Decimal128.fromString(`${digits}${this.pick(['', '1', '01', '9'])}`)
  }
}

const NAMES = ['a', 'b', '', 'é', '__proto__', 'a.b', '\u{1f600}', '\uff5e', '0']

const CHARACTERS = [
  'a',
  'b',
  'A',
  '\0',
  '\x01',
  'é',
  '\u7fff',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{1f600}',
  '\u{10ffff}',
]

const EDGES = [
  0n,
  2147483647n,
  -2147483648n,
  9007199254740992n,
  -9007199254740992n,
  18014398509481984n,
  -18014398509481984n,
  4611686018427387904n,
  -4611686018427387904n,
  9223372036854775807n,
  -9223372036854775808n,
]

const DOUBLES = [
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.2250738585072014e-308,
  9007199254740992,
  9007199254740994,
  -9007199254740994,
  2 ** 63,
  -(2 ** 63),
  2147483648,
  1.5,
  -1.5,
]

const FRACTIONS = [0.1, -0.1, 0.5, -0.5, 19.99, -19.99, 1e-7, 123456.789, -123456.789]

const DECIMALS = [
  '0',
  '-0',
  '0E-6176',
  'NaN',
  'Infinity',
  '-Infinity',
  '9.999999999999999999999999999999999E+6144',
  '-9.999999999999999999999999999999999E+6144',
  '1E+400',
  '-1E+400',
  '1.1E+400',
  '1E-6176',
  '-1E-6176',
  '1E-400',
  '-1E-400',
  '0.1',
  '-0.1',
  '0.10',
  '1.0',
  '1.000000000000000000000000000000001',
  '-1.000000000000000000000000000000001',
  '9223372036854775807.5',
  '-9223372036854775807.5',
  '-9007199254740993',
  '-9007199254740992.5',
]
