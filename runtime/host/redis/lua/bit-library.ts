/** The `bit` library of redis scripts: 32-bit integers. */
import { type Arguments, libraryTable } from './arguments.ts'
import type { LuaTable } from './value.ts'

export function bitLibrary(): LuaTable {
  const fold = (run: (a: number, b: number) => number) => (args: Arguments) => {
    let result = bits(args.number(0))
    for (let at = 1; at < args.count; at++) result = run(result, bits(args.number(at)))
    return result | 0
  }
  const shift = (run: (value: number, by: number) => number) => (args: Arguments) =>
    run(bits(args.number(0)), bits(args.number(1)) & 31) | 0
  return libraryTable({
    tobit: (args) => bits(args.number(0)),
    bnot: (args) => ~bits(args.number(0)),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((value, by) => value << by),
    rshift: shift((value, by) => value >>> by),
    arshift: shift((value, by) => value >> by),
    rol: shift((value, by) => (value << by) | (value >>> (32 - by))),
    ror: shift((value, by) => (value >>> by) | (value << (32 - by))),
    bswap(args) {
      const value = bits(args.number(0))
      return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
    },
    tohex(args) {
      const given = args.integer(1, 8)
      const digits = Math.min(Math.abs(given), 8)
      const text = (bits(args.number(0)) >>> 0)
        .toString(16)
        .padStart(8, '0')
        .slice(8 - digits)
      return given < 0 ? text.toUpperCase() : text
    },
  })
}

// internals

function bits(value: number): number {
  return Number(BigInt.asIntN(32, BigInt(Math.round(value))))
}
