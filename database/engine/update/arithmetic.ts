import { fail } from '../errors.ts'
import { describeElement, describeValue } from '../values/describe.ts'
import { add, compareNumbers, isNumber, multiply, type NumberKind, numberKind } from '../values/numbers.ts'
import { bsonTypeName, MISSING } from '../values/types.ts'
import { documentId } from './document-id.ts'
import type { Leaf } from './node.ts'

/**
 * `$inc` and `$mul`. A missing field becomes the operand, or zero of the operand's kind.
 * @throws code 14 for an operand or a field that is no number, 2 when an int64 overflows
 */
export function arithmeticLeaf(modifier: '$inc' | '$mul', path: string, operand: unknown): Leaf {
  const name = path.split('.').at(-1) ?? path
  if (!isNumber(operand)) {
    const verb = modifier === '$inc' ? 'increment' : 'multiply'
    return fail(14, `Cannot ${verb} with non-numeric argument: ${describeElement(path, operand)}`)
  }
  const calculate = modifier === '$inc' ? add : multiply
  return {
    kind: 'leaf',
    apply(value, place) {
      if (value === MISSING) return modifier === '$inc' ? operand : multiply(operand, 0)
      if (!isNumber(value)) {
        return fail(
          14,
          `Cannot apply ${modifier} to a value of non-numeric type. {${documentId(place.original)}} has the field '${place.path.at(-1) ?? name}' of non-numeric type ${bsonTypeName(value)}`,
        )
      }
      const result = calculate(operand, value)
      if (isIntegral(operand) && isIntegral(value) && !isIntegral(result)) {
        fail(
          2,
          `Failed to apply ${modifier} operations to current value (${kindLabel(value)}${describeValue(value)}) for document {${documentId(place.original)}}`,
        )
      }
      return isSame(value, operand, result) ? value : result
    },
  }
}

// internals

function isIntegral(value: unknown): boolean {
  const kind = numberKind(value)
  return kind === 'int' || kind === 'long'
}

const WIDTH: readonly NumberKind[] = ['int', 'long', 'double', 'decimal']

/** True when the result is the old value in the old kind; a stored 5.0 plus 0 stays what it is. */
function isSame(value: unknown, operand: unknown, result: unknown): boolean {
  const kind = numberKind(value)
  const widened = WIDTH.indexOf(numberKind(operand) ?? 'int') > WIDTH.indexOf(kind ?? 'int')
  if (widened || compareNumbers(value, result) !== 0) return false
  return kind !== 'decimal' || String(value) === String(result)
}

const LABELS: Readonly<Record<NumberKind, string>> = {
  int: '(NumberInt)',
  long: '(NumberLong)',
  double: '(NumberDouble)',
  decimal: '(NumberDecimal)',
}

function kindLabel(value: unknown): string {
  return LABELS[numberKind(value) ?? 'double']
}
