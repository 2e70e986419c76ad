/** `string.format`. */
import { formatGeneral } from '../numbers.ts'
import type { Arguments } from './arguments.ts'
import { display } from './convert.ts'
import { metamethod } from './operators.ts'
import { LuaError } from './value.ts'

export function format(args: Arguments): string {
  let next = 1
  return args
    .string(0)
    .replace(/%([-+ #0]*)(\d*)(?:\.(\d*))?(.?)/gs, (whole, flags, width, precision, kind) => {
      if (kind === '%' && whole === '%%') return '%'
      const shape = {
        flags,
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
      }
      return converted(kind, shape, args, next++)
    })
}

// internals

interface Shape {
  flags: string
  width: number
  precision: number | undefined
}

function converted(kind: string, shape: Shape, args: Arguments, at: number): string {
  switch (kind) {
    case 'd':
    case 'i':
      return padded(integerText(args.number(at), shape, 10), shape)
    case 'u':
      return padded(integerText(Math.abs(args.number(at)), shape, 10), shape)
    case 'c':
      return padded(String.fromCharCode(args.integer(at) & 0xff), {
        ...shape,
        flags: shape.flags.replace('0', ''),
      })
    case 'x':
      return padded(prefixed('0x', integerText(args.number(at), shape, 16), shape), shape)
    case 'X':
      return padded(prefixed('0X', integerText(args.number(at), shape, 16).toUpperCase(), shape), shape)
    case 'o':
      return padded(integerText(args.number(at), shape, 8), shape)
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return padded(floatText(kind, args.number(at), shape), shape)
    case 'q':
      return quoted(args.string(at))
    case 's':
      return text(args, at, shape)
    default:
      throw new LuaError(`invalid option '%${kind}' to 'format'`)
  }
}

function text(args: Arguments, at: number, shape: Shape): string {
  const value = args.any(at)
  const shown = metamethod(value, '__tostring')?.([value])[0]
  const full = typeof shown === 'string' ? shown : display(value)
  return padded(shape.precision === undefined ? full : full.slice(0, shape.precision), {
    ...shape,
    flags: shape.flags.replace('0', ''),
  })
}

function integerText(value: number, { flags, precision }: Shape, base: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-9223372036854775808' : '9223372036854775807'
  const whole = BigInt(Math.trunc(value))
  // C prints the bits of a negative number in other bases.
  const shown = base !== 10 && whole < 0n ? whole + 2n ** 64n : whole
  const digits = (shown < 0n ? -shown : shown).toString(base).padStart(precision ?? 1, '0')
  return signed(shown < 0n, digits, flags)
}

function floatText(kind: string, value: number, { flags, precision = 6 }: Shape): string {
  if (!Number.isFinite(value)) return signed(value < 0, Number.isNaN(value) ? 'nan' : 'inf', flags)
  const size = Math.abs(value)
  let digits: string
  if (kind === 'f') digits = size.toFixed(Math.min(precision, 100))
  else if (kind === 'g' || kind === 'G') digits = formatGeneral(size, precision || 1)
  else digits = size.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
  const shown = kind === 'E' || kind === 'G' ? digits.toUpperCase() : digits
  return signed(value < 0 || Object.is(value, -0), shown, flags)
}

function signed(negative: boolean, digits: string, flags: string): string {
  if (negative) return `-${digits}`
  if (flags.includes('+')) return `+${digits}`
  return flags.includes(' ') ? ` ${digits}` : digits
}

function prefixed(prefix: string, digits: string, { flags }: Shape): string {
  return flags.includes('#') && digits !== '0' ? prefix + digits : digits
}

function padded(text: string, { flags, width }: Shape): string {
  if (text.length >= width) return text
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

function quoted(text: string): string {
  const escaped = text
    .replace(/["\\\n]/g, '\\$&')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '\\000')
  return `"${escaped}"`
}
