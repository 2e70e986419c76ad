import type { Decimal128 } from 'bson'
import { fail } from '../../errors.ts'
import { type DecimalParts, decimalOf, decimalParts, finite } from '../../values/decimal.ts'
import { describeValue } from '../../values/describe.ts'
import {
  bigIntOfLong,
  ceiling,
  divide,
  floor,
  isNumber,
  longOf,
  mod,
  multiply,
  numberKind,
  round,
  subtract,
  toDecimal,
  toDouble,
  toInteger,
  toSafeInteger,
  truncate,
} from '../../values/numbers.ts'
import { isInt32 } from '../../values/types.ts'
import type { Operator } from '../scope.ts'
import { Summation } from '../summation.ts'
import { binary, nary, typeOf, unary, variadic } from './arguments.ts'

/** `$add $subtract $multiply $divide $mod $abs $ceil $floor $round $trunc $exp $ln $log $log10 $pow $sqrt`, bits. */
export const ARITHMETIC: Readonly<Record<string, Operator>> = {
  $abs: numeric('$abs', absolute),
  $add: nary(addAll, checkSummand),
  $bitAnd: bits('$bitAnd', -1n, (a, b) => a & b),
  $bitNot: unary(bitNot),
  $bitOr: bits('$bitOr', 0n, (a, b) => a | b),
  $bitXor: bits('$bitXor', 0n, (a, b) => a ^ b),
  $ceil: numeric('$ceil', ceiling),
  $divide: binary(quotient),
  $exp: numeric('$exp', (value) => inDoubles(value, Math.exp)),
  $floor: numeric('$floor', floor),
  $ln: numeric('$ln', (value) => inDoubles(positive('$ln', value, 28766), Math.log)),
  $log: binary(logarithm),
  $log10: numeric('$log10', (value) => inDoubles(positive('$log10', value, 28761), Math.log10)),
  $mod: binary(remainder),
  $multiply: nary(multiplyAll, checkFactor),
  $pow: binary(power),
  $round: variadic(1, 2, ([value, place]) => atPlace('$round', round, value, place)),
  $sqrt: numeric('$sqrt', squareRoot),
  $subtract: binary(difference),
  $trunc: variadic(1, 2, ([value, place]) => atPlace('$trunc', truncate, value, place)),
}

/** An operator on one number; anything but a number, null or missing is error 28765. */
export function numeric(name: string, run: (value: unknown) => unknown): Operator {
  return unary((value) => {
    if (!isNumber(value)) fail(28765, `${name} only supports numeric types, not ${typeOf(value)}`)
    return run(value)
  })
}

/** Runs a function of doubles; a decimal goes through its nearest double and comes back with 15 digits. */
export function inDoubles(value: unknown, run: (value: number) => number): unknown {
  const result = run(toDouble(value))
  return numberKind(value) === 'decimal' ? toDecimal(result) : result
}

// internals

function checkSummand(value: unknown): void {
  if (!isNumber(value) && !(value instanceof Date)) {
    fail(14, `$add only supports numeric or date types, not ${typeOf(value)}`)
  }
}

function addAll(values: unknown[]): unknown {
  const sum = new Summation()
  let date: number | undefined
  for (const value of values) {
    if (!(value instanceof Date)) {
      sum.add(value)
      continue
    }
    if (date !== undefined) return fail(16612, 'only one date allowed in an $add expression')
    date = value.getTime()
  }
  return date === undefined ? sum.total() : dateOf('$add', date + Math.round(sum.doubleTotal()))
}

function difference(a: unknown, b: unknown): unknown {
  if (isNumber(a) && isNumber(b)) return subtract(a, b)
  if (a instanceof Date) {
    if (b instanceof Date) return wholeNumber(a.getTime() - b.getTime())
    if (isNumber(b)) return dateOf('$subtract', a.getTime() - Math.trunc(toDouble(b)))
  }
  return fail(14, `can't $subtract ${typeOf(b)} from ${typeOf(a)}`)
}

function checkFactor(value: unknown): void {
  if (!isNumber(value)) fail(14, `$multiply only supports numeric types, not ${typeOf(value)}`)
}

function multiplyAll(values: unknown[]): unknown {
  return values.reduce((product, value) => multiply(product, value), 1)
}

function quotient(a: unknown, b: unknown): unknown {
  if (!isNumber(a) || !isNumber(b)) {
    return fail(14, `$divide only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`)
  }
  return toDouble(b) === 0 ? fail(2, "can't $divide by zero") : divide(a, b)
}

function remainder(a: unknown, b: unknown): unknown {
  if (!isNumber(a) || !isNumber(b)) {
    return fail(16611, `$mod only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`)
  }
  return toDouble(b) === 0 ? fail(16610, "can't $mod by zero") : mod(a, b)
}

function absolute(value: unknown): unknown {
  switch (numberKind(value)) {
    case 'decimal': {
      const parts = decimalParts(value as Decimal128)
      return parts.negative ? decimalOf({ ...parts, negative: false }) : value
    }
    case 'long': {
      const long = bigIntOfLong(value)
      if (long === -(2n ** 63n)) return fail(28680, "can't take $abs of long long min")
      return long < 0n ? longOf(-long) : value
    }
    case 'int': {
      const size = Math.abs(toDouble(value))
      return isInt32(size) ? size : longOf(BigInt(size))
    }
    default:
      return Math.abs(toDouble(value))
  }
}

function positive(name: string, value: unknown, code: number): unknown {
  if (toDouble(value) <= 0)
    fail(code, `${name}'s argument must be a positive number, but is ${describeValue(value)}`)
  return value
}

function logarithm(value: unknown, base: unknown): unknown {
  if (!isNumber(value)) return fail(28756, `$log's argument must be numeric, not ${typeOf(value)}`)
  if (!isNumber(base)) return fail(28757, `$log's base must be numeric, not ${typeOf(base)}`)
  positive('$log', value, 28758)
  const [x, b] = [toDouble(value), toDouble(base)]
  if (b <= 0 || b === 1) {
    return fail(28759, `$log's base must be a positive number not equal to 1, but is ${describeValue(base)}`)
  }
  // The two exact functions first: the quotient of logarithms gives 2.9999999999999996 for 1000 to base 10.
  const result = b === 10 ? Math.log10(x) : b === 2 ? Math.log2(x) : Math.log(x) / Math.log(b)
  return numberKind(value) === 'decimal' || numberKind(base) === 'decimal' ? toDecimal(result) : result
}

function squareRoot(value: unknown): unknown {
  if (toDouble(value) < 0) return fail(28714, "$sqrt's argument must be greater than or equal to 0")
  return inDoubles(value, Math.sqrt)
}

function power(base: unknown, exponent: unknown): unknown {
  if (!isNumber(base)) return fail(28762, `$pow's base must be numeric, not ${typeOf(base)}`)
  if (!isNumber(exponent)) return fail(28763, `$pow's exponent must be numeric, not ${typeOf(exponent)}`)
  const [x, y] = [toDouble(base), toDouble(exponent)]
  if (x === 0 && y < 0) return fail(28764, '$pow cannot take a base of 0 and a negative exponent')
  const [kindX, kindY] = [numberKind(base), numberKind(exponent)]
  // As in C, one to any power is one, even to NaN.
  if (x === 1 && Number.isNaN(y)) return kindY === 'decimal' ? toDecimal(1) : 1
  if (kindX === 'decimal' || kindY === 'decimal') return decimalPower(base, exponent)
  if (kindX === 'double' || kindY === 'double' || y < 0) return x ** y
  const rough = x ** y
  if (Math.abs(rough) >= 2 ** 64) return rough
  const exact = (toInteger(base) ?? 0n) ** (toInteger(exponent) ?? 0n)
  if (kindX === 'int' && kindY === 'int' && BigInt.asIntN(32, exact) === exact) return Number(exact)
  return BigInt.asIntN(64, exact) === exact ? longOf(exact) : rough
}

/** Exact while the exponent is a small whole number, else through doubles. */
function decimalPower(base: unknown, exponent: unknown): unknown {
  const whole = toSafeInteger(exponent)
  const parts = decimalParts(toDecimal(base))
  if (whole === undefined || whole < 0 || whole > 1000 || parts.kind !== 'finite') {
    return toDecimal(toDouble(base) ** toDouble(exponent))
  }
  return decimalOf(powerOfParts(parts, whole))
}

function powerOfParts(parts: DecimalParts, exponent: number): DecimalParts {
  return finite(
    parts.negative && exponent % 2 === 1,
    parts.digits ** BigInt(exponent),
    parts.exponent * exponent,
  )
}

function atPlace(
  name: string,
  run: (value: unknown, place: number) => unknown,
  value: unknown,
  place: unknown,
): unknown {
  if (!isNumber(value)) return fail(51081, `${name} only supports numeric types, not ${typeOf(value)}`)
  if (place === undefined) return run(value, 0)
  const digits = toSafeInteger(place)
  if (digits === undefined) return fail(51082, `precision argument to  ${name} must be a integral value`)
  if (digits < -20 || digits > 100) {
    return fail(51083, `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`)
  }
  const result = run(value, digits)
  if (numberKind(value) === 'long' && numberKind(result) !== 'long') {
    fail(
      51080,
      `Invalid conversion from Decimal128 result in ${name} resulting from arguments: [${describeValue(value)}, ${digits}]`,
    )
  }
  return result
}

function bits(name: string, start: bigint, run: (a: bigint, b: bigint) => bigint): Operator {
  return nary((values) => {
    let result = start
    let long = false
    for (const value of values) {
      const kind = numberKind(value)
      if (kind !== 'int' && kind !== 'long') {
        return fail(14, `${name} only supports int and long operands.`)
      }
      long ||= kind === 'long'
      result = run(result, toInteger(value) ?? 0n)
    }
    return long ? longOf(result) : Number(result)
  })
}

function bitNot(value: unknown): unknown {
  const kind = numberKind(value)
  if (kind === 'int') return ~toDouble(value)
  if (kind === 'long') return longOf(~bigIntOfLong(value))
  return fail(kind === undefined ? 28765 : 14, `$bitNot only supports int and long, not: ${typeOf(value)}.`)
}

function wholeNumber(value: number): unknown {
  return isInt32(value) ? value : longOf(BigInt(value))
}

function dateOf(name: string, instant: number): Date {
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? fail(15, `date overflow in ${name}`) : date
}
