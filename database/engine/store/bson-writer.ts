import { binaryParts, bsonClass, isInt32, regexParts } from '../values/types.ts'

/**
 * Writes BSON into one growing buffer. Our own and not the package's because a commit may be larger than its 17 MB, and
 * because it is on the road of every write (spec/embedded-database.md §5).
 */
export class BsonWriter {
  #buffer: Buffer
  #at = 0

  constructor(size = 4096) {
    this.#buffer = Buffer.allocUnsafe(size)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** What was written; valid until the next write. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  reset(): void {
    // One huge commit should not hold its memory for ever.
    if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafe(4096)
    this.#at = 0
  }

  uint32(value: number): void {
    this.#need(4)
    this.#at = this.#buffer.writeUInt32LE(value >>> 0, this.#at)
  }

  double(value: number): void {
    this.#need(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  /** Overwrites four bytes written before. */
  patchUint32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value >>> 0, at)
  }

  document(doc: object): void {
    const start = this.#at
    this.#need(5)
    this.#at += 4
    for (const name in doc) this.#element(name, (doc as Record<string, unknown>)[name])
    this.#end(start)
  }

  // internals

  #need(bytes: number): void {
    const wanted = this.#at + bytes
    if (wanted <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }

  #end(start: number): void {
    this.#byte(0)
    this.#buffer.writeInt32LE(this.#at - start, start)
  }

  #byte(value: number): void {
    this.#need(1)
    this.#buffer[this.#at++] = value
  }

  #array(values: readonly unknown[]): void {
    const start = this.#at
    this.#need(5)
    this.#at += 4
    for (let at = 0; at < values.length; at++) this.#element(String(at), values[at])
    this.#end(start)
  }

  #element(name: string, value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#head(2, name)
        this.#string(value)
        break
      case 'number':
        if (isInt32(value)) {
          this.#head(16, name)
          this.#int32(value)
        } else {
          this.#head(1, name)
          this.double(value)
        }
        break
      case 'boolean':
        this.#head(8, name)
        this.#byte(value ? 1 : 0)
        break
      case 'object':
        if (value === null) this.#head(10, name)
        else this.#object(name, value)
        break
      case 'bigint':
        this.#head(18, name)
        this.#need(8)
        this.#at = this.#buffer.writeBigInt64LE(BigInt.asIntN(64, value), this.#at)
        break
      default:
        // undefined and functions are not stored.
        break
    }
  }

  #object(name: string, value: object): void {
    if (Array.isArray(value)) {
      this.#head(4, name)
      this.#array(value)
    } else if (value instanceof Date) {
      this.#head(9, name)
      const time = dateValue(value)
      this.#pair({ low: time % 4_294_967_296, high: Math.floor(time / 4_294_967_296) })
    } else {
      this.#class(name, value, bsonClass(value))
    }
  }

  #class(name: string, value: object, type: string | undefined): void {
    switch (type) {
      case 'ObjectId':
      case 'ObjectID':
        this.#head(7, name)
        this.#copy((value as { id: Uint8Array }).id)
        break
      case 'Long':
        this.#head(18, name)
        this.#pair(value as Pair)
        break
      case 'Timestamp':
        this.#head(17, name)
        this.#pair(value as Pair)
        break
      case 'Double':
        this.#head(1, name)
        this.double(Number((value as { value: unknown }).value))
        break
      case 'Int32':
        this.#head(16, name)
        this.#int32(Number((value as { value: unknown }).value))
        break
      case 'Decimal128':
        this.#head(19, name)
        this.#copy((value as { bytes: Uint8Array }).bytes)
        break
      case 'Binary':
        this.#head(5, name)
        this.#binary(value)
        break
      case 'MinKey':
        this.#head(255, name)
        break
      case 'MaxKey':
        this.#head(127, name)
        break
      case 'BSONSymbol':
        this.#head(14, name)
        this.#string(String((value as { value: unknown }).value))
        break
      case 'BSONRegExp':
        this.#regex(name, value)
        break
      case 'Code':
        this.#code(name, value as Code)
        break
      default:
        this.#plain(name, value)
    }
  }

  #plain(name: string, value: object): void {
    if (value instanceof RegExp) {
      this.#regex(name, value)
    } else if (ArrayBuffer.isView(value)) {
      this.#head(5, name)
      this.#binary(value)
    } else {
      this.#head(3, name)
      this.document(value)
    }
  }

  #head(type: number, name: string): void {
    this.#need(name.length * 3 + 2)
    this.#buffer[this.#at++] = type
    this.#text(name)
    this.#buffer[this.#at++] = 0
  }

  #int32(value: number): void {
    this.#need(4)
    this.#at = this.#buffer.writeInt32LE(value, this.#at)
  }

  #pair({ low, high }: Pair): void {
    this.#need(8)
    this.#at = this.#buffer.writeInt32LE(low | 0, this.#at)
    this.#at = this.#buffer.writeInt32LE(high | 0, this.#at)
  }

  #copy(bytes: Uint8Array): void {
    this.#need(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #string(value: string): void {
    const start = this.#at
    this.#need(value.length * 3 + 5)
    this.#at += 4
    this.#text(value)
    this.#buffer[this.#at++] = 0
    this.#buffer.writeInt32LE(this.#at - start - 4, start)
  }

  /** A text that ends with a zero. */
  #cstring(value: string): void {
    this.#need(value.length * 3 + 1)
    this.#text(value)
    this.#buffer[this.#at++] = 0
  }

  /** There must be room for three bytes a character. */
  #text(value: string): void {
    const { length } = value
    const buffer = this.#buffer
    const start = this.#at
    let at = start
    // Short ones character by character, unless one is not ASCII.
    if (length <= SHORT) {
      for (let index = 0; index < length; index++) {
        const code = value.charCodeAt(index)
        if (code > 127) break
        buffer[at++] = code
      }
    }
    this.#at = at - start === length ? at : start + buffer.write(value, start, 'utf8')
  }

  #binary(value: object): void {
    const { bytes, subtype } = binaryParts(value)
    const old = subtype === 2
    this.#int32(bytes.length + (old ? 4 : 0))
    this.#byte(subtype)
    // Subtype 2 carries its length a second time.
    if (old) this.#int32(bytes.length)
    this.#copy(bytes)
  }

  #regex(name: string, value: object): void {
    const { pattern, options } = regexParts(value)
    this.#head(11, name)
    this.#cstring(pattern)
    this.#cstring(options)
  }

  #code(name: string, { code, scope }: Code): void {
    if (!scope) {
      this.#head(13, name)
      this.#string(String(code))
      return
    }
    this.#head(15, name)
    const start = this.#at
    this.#int32(0)
    this.#string(String(code))
    this.document(scope)
    this.#buffer.writeInt32LE(this.#at - start, start)
  }
}

// internals

/** Characters of a text that are written one by one faster than by a call. */
const SHORT = 64
const KEEP_BYTES = 1024 * 1024

interface Pair {
  low: number
  high: number
}

interface Code {
  code: unknown
  scope?: object | null
}

/** An invalid date has no place in BSON; the driver writes the epoch as well. */
function dateValue(date: Date): number {
  const time = date.getTime()
  return Number.isNaN(time) ? 0 : time
}
