import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, numberKind, toDecimal, toDouble } from '../../values/numbers.ts'
import type { Operator } from '../scope.ts'
import { binary, typeOf } from './arguments.ts'
import { inDoubles, numeric } from './arithmetic.ts'

/** Sines and their relatives, and the two angle conversions. */
export const TRIGONOMETRY: Readonly<Record<string, Operator>> = {
  $acos: bounded('$acos', Math.acos, '[-1,1]', (x) => x >= -1 && x <= 1),
  $acosh: bounded('$acosh', Math.acosh, '[1,inf]', (x) => x >= 1),
  $asin: bounded('$asin', Math.asin, '[-1,1]', (x) => x >= -1 && x <= 1),
  $asinh: numeric('$asinh', (value) => inDoubles(value, Math.asinh)),
  $atan: numeric('$atan', (value) => inDoubles(value, Math.atan)),
  $atan2: binary(arcTangent2),
  $atanh: bounded('$atanh', Math.atanh, '[-1,1]', (x) => x >= -1 && x <= 1),
  $cos: bounded('$cos', Math.cos, '(-inf,inf)', Number.isFinite),
  $cosh: numeric('$cosh', (value) => inDoubles(value, Math.cosh)),
  $degreesToRadians: numeric('$degreesToRadians', (value) => inDoubles(value, (x) => (x * Math.PI) / 180)),
  $radiansToDegrees: numeric('$radiansToDegrees', (value) => inDoubles(value, (x) => (x * 180) / Math.PI)),
  $sin: bounded('$sin', Math.sin, '(-inf,inf)', Number.isFinite),
  $sinh: numeric('$sinh', (value) => inDoubles(value, Math.sinh)),
  $tan: bounded('$tan', Math.tan, '(-inf,inf)', Number.isFinite),
  $tanh: numeric('$tanh', (value) => inDoubles(value, Math.tanh)),
}

// internals

function bounded(
  name: string,
  run: (x: number) => number,
  range: string,
  inRange: (x: number) => boolean,
): Operator {
  return numeric(name, (value) => {
    const x = toDouble(value)
    if (!Number.isNaN(x) && !inRange(x)) {
      return fail(50989, `cannot apply ${name} to ${describeValue(value)}, value must be in ${range}`)
    }
    return inDoubles(value, run)
  })
}

function arcTangent2(y: unknown, x: unknown): unknown {
  if (!isNumber(y) || !isNumber(x)) {
    const code = isNumber(y) ? 51045 : 51044
    return fail(code, `$atan2 only supports numeric types, not ${typeOf(y)} and ${typeOf(x)}`)
  }
  const result = Math.atan2(toDouble(y), toDouble(x))
  return numberKind(y) === 'decimal' || numberKind(x) === 'decimal' ? toDecimal(result) : result
}
