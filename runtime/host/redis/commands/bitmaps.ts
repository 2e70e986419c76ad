/** Commands on the bits of strings (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command, range } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { integer, parseInt64 } from '../numbers.ts'
import { errors, type Reply } from '../reply.ts'

export const bitmapCommands: CommandTable = {
  setbit: command(3, setbit),
  getbit: command(2, (keys, [key, offset]) => {
    const bit = bitOffset(offset)
    return bitAt(keys.get(key as Bytes, 'string') ?? '', bit)
  }),
  bitcount: command(1, bitcount, 4),
  bitpos: command(2, bitpos, 5),
  bitop: command(3, bitop, any),
}

// internals

/** Bits of a string are limited by its 512 MB. */
const maxBits = 2 ** 32

function bitOffset(text: Bytes | undefined): number {
  const value = parseInt64(text ?? '')
  if (value === undefined || value < 0n || value >= BigInt(maxBits)) {
    throw errors.of('bit offset is not an integer or out of range')
  }
  return Number(value)
}

/** The first bit of a byte is its highest. */
function bitAt(text: Bytes, offset: number): number {
  const byte = offset >= text.length * 8 ? 0 : text.charCodeAt(Math.floor(offset / 8))
  return (byte >> (7 - (offset % 8))) & 1
}

function setbit(keys: Keyspace, args: readonly Bytes[]): Reply {
  const offset = bitOffset(args[1])
  if (args[2] !== '0' && args[2] !== '1') throw errors.of('bit is not an integer or out of range')
  const key = at(args, 0)
  const text = keys.get(key, 'string') ?? ''
  const index = Math.floor(offset / 8)
  const padded = text.padEnd(index + 1, '\0')
  const mask = 1 << (7 - (offset % 8))
  const byte = padded.charCodeAt(index)
  const after = args[2] === '1' ? byte | mask : byte & ~mask
  const changed = padded.slice(0, index) + String.fromCharCode(after) + padded.slice(index + 1)
  keys.set(key, 'string', changed, true)
  return byte & mask ? 1 : 0
}

/** First and last bit of a range in bytes (default) or bits. */
function bitRange(args: readonly Bytes[], from: number, text: Bytes): [number, number] | undefined {
  const start = args[from] === undefined ? 0 : integer(args[from])
  const end = args[from + 1] === undefined ? -1 : integer(args[from + 1])
  const unit = args[from + 2]?.toLowerCase() ?? 'byte'
  if (unit !== 'byte' && unit !== 'bit') throw errors.syntax()
  const part = range(start, end, unit === 'bit' ? text.length * 8 : text.length)
  if (!part) return undefined
  return unit === 'bit' ? part : [part[0] * 8, part[1] * 8 + 7]
}

function bitcount(keys: Keyspace, args: readonly Bytes[]): Reply {
  const text = keys.get(at(args, 0), 'string')
  if (text === undefined) return 0
  if (args.length === 2) throw errors.syntax()
  const part = bitRange(args, 1, text)
  if (!part) return 0
  let count = 0
  for (let bit = part[0]; bit <= part[1]; ) {
    // Whole bytes at once.
    if (bit % 8 === 0 && bit + 7 <= part[1]) {
      count += ones(text.charCodeAt(bit / 8))
      bit += 8
    } else count += bitAt(text, bit++)
  }
  return count
}

function ones(byte: number): number {
  let count = 0
  for (let rest = byte; rest > 0; rest &= rest - 1) count++
  return count
}

function bitpos(keys: Keyspace, args: readonly Bytes[]): Reply {
  if (args[1] !== '0' && args[1] !== '1') throw errors.of('The bit argument must be 1 or 0.')
  const wanted = Number(args[1])
  const text = keys.get(at(args, 0), 'string')
  if (text === undefined) return wanted === 1 ? -1 : 0
  const part = bitRange(args, 2, text)
  if (!part) return -1
  for (let bit = part[0]; bit <= part[1]; bit++) if (bitAt(text, bit) === wanted) return bit
  // Without an end, a string goes on with zeros for ever.
  return wanted === 0 && args[3] === undefined ? text.length * 8 : -1
}

function bitop(keys: Keyspace, [operation, target, ...sources]: readonly Bytes[]): Reply {
  const name = operation?.toLowerCase() ?? ''
  const operate = operations[name]
  if (!operate) throw errors.syntax()
  if (name === 'not' && sources.length !== 1) {
    throw errors.of('BITOP NOT must be called with a single source key.')
  }
  const texts = sources.map((key) => keys.get(key, 'string') ?? '')
  const length = Math.max(...texts.map((text) => text.length))
  let result = ''
  for (let index = 0; index < length; index++) {
    const bytes = texts.map((text) => text.charCodeAt(index) || 0)
    result += String.fromCharCode(operate(bytes) & 0xff)
  }
  if (result === '') keys.delete(target as Bytes)
  else keys.set(target as Bytes, 'string', result)
  return result.length
}

const operations: Readonly<Record<string, (bytes: number[]) => number>> = {
  and: (bytes) => bytes.reduce((a, b) => a & b),
  or: (bytes) => bytes.reduce((a, b) => a | b),
  xor: (bytes) => bytes.reduce((a, b) => a ^ b),
  not: ([byte = 0]) => ~byte,
}
