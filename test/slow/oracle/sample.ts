import { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import type { Doc } from '../../../database/engine/values/types.ts'
import type { RandomValues } from '../../database/engine/random-values.ts'

/** Few names and few values, so that what a case asks for is often there. */
export class Sample {
  readonly #random: RandomValues

  constructor(random: RandomValues) {
    this.#random = random
  }

  integer(below: number): number {
    return this.#random.integer(below)
  }

  chance(share: number): boolean {
    return this.#random.next() < share
  }

  pick<T>(choices: readonly T[]): T {
    return this.#random.pick(choices)
  }

  list<T>(below: number, make: () => T): T[] {
    return Array.from({ length: this.integer(below) }, make)
  }

  field(): string {
    return this.pick(['a', 'b', 'c'])
  }

  path(): string {
    return this.pick(paths)
  }

  number(): unknown {
    return this.pick(numbers)
  }

  scalar(): unknown {
    return this.chance(0.5) ? this.number() : this.pick(scalars)
  }

  value(depth = 2): unknown {
    if (depth === 0 || this.chance(0.5)) return this.scalar()
    if (this.chance(0.6)) return this.list(4, () => this.value(depth - 1))
    return this.object(depth - 1)
  }

  object(depth: number): Doc {
    return Object.fromEntries(this.list(3, () => [this.field(), this.value(depth)]))
  }

  /** Values of all kinds, the same in each document of a case. */
  constants(): Doc {
    return { k0: this.value(1), k1: this.number(), k2: this.value(1) }
  }

  /** Fields a, b, c and t; some have the same type in most documents, so that arithmetic finds numbers. */
  document(): Doc {
    const doc: Doc = {}
    if (this.chance(0.8)) doc.a = this.value(3)
    if (this.chance(0.8)) doc.b = this.chance(0.7) ? this.number() : this.value(2)
    if (this.chance(0.7)) doc.c = this.chance(0.6) ? this.list(4, () => this.value(1)) : this.value(2)
    if (this.chance(0.5)) doc.t = this.pick(texts)
    if (this.chance(0.4)) doc.d = this.pick(dates)
    return doc
  }
}

const paths = [
  'a',
  'b',
  'c',
  't',
  'd',
  'a.b',
  'a.a',
  'c.a',
  'c.b',
  'a.0',
  'c.0',
  'c.1',
  'a.b.c',
  'a.0.b',
  'c.0.a',
  'a.b.0',
  'x',
]

const numbers = [
  0,
  1,
  2,
  3,
  -1,
  1.5,
  -0.5,
  new Double(2),
  Long.fromNumber(2),
  Long.fromNumber(5),
  Long.fromString('9007199254740993'),
  Decimal128.fromString('2.5'),
  Decimal128.fromString('2.00'),
  2147483647,
]

const texts = ['', 'a', 'b', 'ab', 'Abc', 'a b', 'é', '中文', '12']

const dates = [
  new Date(0),
  new Date('2020-02-29T12:34:56.789Z'),
  new Date('2019-12-31T23:59:59.999Z'),
  new Date(-1),
]

const scalars = [
  null,
  null,
  Number.NaN,
  true,
  false,
  ...texts,
  ...dates,
  new ObjectId('5f0000000000000000000001'),
  new ObjectId('5f0000000000000000000002'),
  new Binary(Buffer.from('ab'), 0),
  new Timestamp({ t: 1, i: 2 }),
  new MinKey(),
  new MaxKey(),
  /a/,
]
