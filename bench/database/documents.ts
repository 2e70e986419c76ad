/** The documents and queries of the database benchmark: 280 bytes of BSON, two indexed fields beside `_id`. */

export interface BenchDocument {
  _id: string
  /** Indexed; ten documents share one. */
  uid: string
  /** Indexed; counts up. */
  seq: number
  score: number
  profile: { city: string; level: number; nick: string }
  tags: string[]
  created: Date
  text: string
}

/** The `n`th document. */
export function documentAt(n: number): BenchDocument {
  return {
    _id: idAt(n),
    uid: `user${Math.floor(n / 10)}`,
    seq: n,
    score: scatter(n, 1000),
    profile: { city: `city${scatter(n, 50)}`, level: n % 7, nick: `nick-${n}` },
    tags: ['red', 'green', `tag${n % 20}`],
    created: new Date(1_700_000_000_000 + n * 1000),
    text: 'x'.repeat(57),
  }
}

export function idAt(n: number): string {
  return `6560f1c2a4${n.toString(16).padStart(22, '0')}`
}

/** A number below `limit` that looks random and is the same in every run. */
export function scatter(n: number, limit: number): number {
  return (Math.imul(n + 1, 2_654_435_761) >>> 0) % limit
}

/** Documents `from` to `from + count`, in arrays of at most `size`. */
export function* batches(count: number, size = 1000, from = 0): Generator<BenchDocument[]> {
  for (let at = 0; at < count; at += size) {
    yield Array.from({ length: Math.min(size, count - at) }, (_, n) => documentAt(from + at + n))
  }
}

/** Filters and pipelines, the same for everyone who is asked. */
export const queries = {
  byId: (n: number, size: number) => ({ _id: idAt(scatter(n, size)) }),
  /** Ten documents. */
  byUser: (n: number, size: number) => ({ uid: `user${scatter(n, size / 10)}` }),
  /** A hundred documents. */
  range: (n: number, size: number) => {
    const from = scatter(n, size - 100)
    return { seq: { $gte: from, $lt: from + 100 } }
  },
  /** No index has `score`: about a tenth of all. */
  scan: (n: number) => ({ score: { $gte: n % 900, $lt: (n % 900) + 100 } }),
  /** Fifty groups. */
  group: () => [{ $group: { _id: '$profile.city', total: { $sum: '$score' }, count: { $sum: 1 } } }],
}
