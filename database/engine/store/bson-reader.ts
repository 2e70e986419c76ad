import {
  Binary,
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
import { setOwn } from '../values/own.ts'
import { type Doc, isInt32 } from '../values/types.ts'

/**
 * Reads BSON into the engine's values (spec/embedded-database.md §5). Our own and not the package's because a stored
 * `5.0` must come back as a double and a stored long as a `Long`, without wrapping every other number.
 */
export class BsonReader {
  readonly #bytes: Buffer
  readonly #names: NameCache
  #depth = 0
  at: number

  constructor(bytes: Buffer, at = 0, names = new NameCache()) {
    this.#bytes = bytes
    this.#names = names
    this.at = at
  }

  uint32(): number {
    const value = this.#bytes.readUInt32LE(this.at)
    this.at += 4
    return value
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.at)
    this.at += 8
    return value
  }

  /** @throws RangeError or Error when the bytes are no document */
  document(): Doc {
    const end = this.#begin()
    const doc: Doc = {}
    for (let type = this.#bytes[this.at++]!; type !== 0; type = this.#bytes[this.at++]!) {
      const name = this.#name()
      const value = this.#value(type)
      if (name === '__proto__') setOwn(doc, name, value)
      else doc[name] = value
    }
    if (this.at !== end) throw new Error('BSON document of the wrong length')
    this.#depth--
    return doc
  }

  /** Passes over a document and gives its length. */
  skipDocument(): number {
    const start = this.at
    this.at = this.#begin()
    this.#depth--
    return this.at - start
  }

  // internals

  #begin(): number {
    if (++this.#depth > MAX_DEPTH) throw new Error(`BSON nested deeper than ${MAX_DEPTH} levels`)
    const end = this.at + this.#bytes.readInt32LE(this.at)
    if (end > this.#bytes.length || end < this.at + 5)
      throw new Error('BSON document of an impossible length')
    this.at += 4
    return end
  }

  #name(): string {
    const start = this.at
    const end = this.#nameEnd()
    this.at = end + 1
    return this.#names.text(this.#bytes, start, end)
  }

  /** Names are short: looking at each byte takes less time than a call out of JavaScript. */
  #nameEnd(): number {
    let end = this.at
    while (this.#bytes[end] !== 0)
      if (++end >= this.#bytes.length) throw new Error('BSON name without an end')
    return end
  }

  #array(): unknown[] {
    const end = this.#begin()
    const values: unknown[] = []
    for (let type = this.#bytes[this.at++]!; type !== 0; type = this.#bytes[this.at++]!) {
      // Positions are written in order; their names say nothing new.
      this.at = this.#nameEnd() + 1
      values.push(this.#value(type))
    }
    if (this.at !== end) throw new Error('BSON array of the wrong length')
    this.#depth--
    return values
  }

  #value(type: number): unknown {
    switch (type) {
      case 1: {
        const double = this.double()
        return isInt32(double) ? new Double(double) : double
      }
      case 2:
        return this.#string()
      case 3:
        return this.document()
      case 4:
        return this.#array()
      case 5:
        return this.#binary()
      case 6:
      case 10:
        return null
      case 7:
        return new ObjectId(this.#copy(12))
      case 8:
        return this.#bytes[this.at++] === 1
      case 9: {
        // Two halves: dates fit a double, and a BigInt each would cost more than the rest of the document.
        const [low, high] = this.#pair()
        return new Date(high * 4_294_967_296 + (low >>> 0))
      }
      case 11:
        return this.#regex()
      case 16: {
        const value = this.#bytes.readInt32LE(this.at)
        this.at += 4
        return value
      }
      default:
        return this.#rare(type)
    }
  }

  #rare(type: number): unknown {
    switch (type) {
      case 13:
        return new Code(this.#string())
      case 14:
        return new BSONSymbol(this.#string())
      case 15: {
        this.at += 4
        const code = this.#string()
        return new Code(code, this.document())
      }
      case 17: {
        const [low, high] = this.#pair()
        return new Timestamp({ t: high >>> 0, i: low >>> 0 })
      }
      case 18: {
        const [low, high] = this.#pair()
        return new Long(low, high)
      }
      case 19:
        return new Decimal128(this.#copy(16))
      case 127:
        return new MaxKey()
      case 255:
        return new MinKey()
      default:
        throw new Error(`BSON value of unknown type ${type}`)
    }
  }

  #pair(): [number, number] {
    const low = this.#bytes.readInt32LE(this.at)
    const high = this.#bytes.readInt32LE(this.at + 4)
    this.at += 8
    return [low, high]
  }

  #string(): string {
    const length = this.#bytes.readInt32LE(this.at)
    const start = this.at + 4
    const end = start + length - 1
    if (length < 1 || end >= this.#bytes.length) throw new Error('BSON string of an impossible length')
    this.at = end + 1
    return length <= SHORT
      ? this.#names.value(this.#bytes, start, end)
      : this.#bytes.toString('utf8', start, end)
  }

  #binary(): Binary {
    let length = this.#bytes.readInt32LE(this.at)
    const subtype = this.#bytes[this.at + 4]!
    this.at += 5
    if (subtype === 2) {
      length = this.#bytes.readInt32LE(this.at)
      this.at += 4
    }
    return new Binary(this.#copy(length), subtype)
  }

  /** A Buffer, because `bson` would make one of whatever it gets. */
  #copy(length: number): Buffer {
    const end = this.at + length
    if (length < 0 || end > this.#bytes.length) throw new Error('BSON bytes of an impossible length')
    const copy = Buffer.allocUnsafe(length)
    if (length <= FEW) for (let at = 0; at < length; at++) copy[at] = this.#bytes[this.at + at]!
    else copy.set(this.#bytes.subarray(this.at, end))
    this.at = end
    return copy
  }

  #regex(): RegExp | BSONRegExp {
    const pattern = this.#cstring()
    const options = this.#cstring()
    if (/^[ims]*$/.test(options)) {
      try {
        const regex = new RegExp(pattern, options)
        // JavaScript rewrites some sources (a line break, an empty pattern): those keep their own class.
        if (regex.source === pattern) return regex
      } catch {
        // No JavaScript pattern: kept as it is.
      }
    }
    return new BSONRegExp(pattern, options)
  }

  #cstring(): string {
    const end = this.#bytes.indexOf(0, this.at)
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return text
  }
}

/**
 * Field names and short texts seen before. Decoding each of them anew costs more than everything else, and documents
 * that share them (states, kinds, tags) take less memory.
 */
export class NameCache {
  readonly #names: (string | undefined)[] = new Array(SLOTS)
  readonly #values: (string | undefined)[] = new Array(SLOTS)

  text(bytes: Buffer, start: number, end: number): string {
    return lookUp(this.#names, bytes, start, end)
  }

  /** The same for values, which should not drive names out. */
  value(bytes: Buffer, start: number, end: number): string {
    return lookUp(this.#values, bytes, start, end)
  }
}

// internals

const SLOTS = 1024
/** Bytes of a text, its end included, that is worth looking up. */
const SHORT = 16
/** Bytes that are copied one by one faster than by a call. */
const FEW = 32

function lookUp(slots: (string | undefined)[], bytes: Buffer, start: number, end: number): string {
  let hash = end - start
  let bits = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    bits |= byte
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  if (bits > 127) return bytes.toString('utf8', start, end)
  const slot = hash & (SLOTS - 1)
  const known = slots[slot]
  if (known !== undefined && same(known, bytes, start, end)) return known
  const text = bytes.toString('utf8', start, end)
  slots[slot] = text
  return text
}

/** The server's own limit; what is stored nests less (§13), what arrives over the wire may try. */
const MAX_DEPTH = 200

function same(known: string, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let at = start; at < end; at++) if (known.charCodeAt(at - start) !== bytes[at]) return false
  return true
}
