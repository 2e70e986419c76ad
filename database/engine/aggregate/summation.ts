import { addParts, type DecimalParts, decimalOf, partsOfRoundedDouble } from '../values/decimal.ts'
import { bigIntOfLong, exactParts, longOf, numberKind, toDouble } from '../values/numbers.ts'
import { isInt32 } from '../values/types.ts'

/**
 * A running sum that gives the narrowest type holding it, as `$sum`, `$avg` and `$add` do: integers exactly, doubles
 * compensated (so that the order of terms hardly matters), decimals beside both.
 */
export class Summation {
  /** Integers while they are safe, and beyond that the rest in a BigInt. */
  #whole = 0
  #large: bigint | undefined
  /** Doubles: a sum and what rounding has taken from it. */
  #double = 0
  #lost = 0
  #decimal: DecimalParts | undefined
  #hasLong = false
  #hasDouble = false
  /** Numbers added so far. */
  count = 0

  /** Adds a number; anything else is skipped. Tells whether it was a number. */
  add(value: unknown): boolean {
    if (typeof value === 'number') {
      if (isInt32(value)) this.#addWhole(value)
      else this.#addDouble(value)
      this.count += 1
      return true
    }
    const kind = numberKind(value)
    if (kind === undefined) return false
    this.count += 1
    switch (kind) {
      case 'int':
        this.#addWhole(toDouble(value))
        break
      case 'long':
        this.#hasLong = true
        this.#addLong(bigIntOfLong(value))
        break
      case 'double':
        this.#addDouble(toDouble(value))
        break
      default:
        this.#decimal = this.#decimal ? addParts(this.#decimal, exactParts(value)) : exactParts(value)
    }
    return true
  }

  /** The sum in its narrowest type: int, long, double (also when an integer sum leaves the range of int64), decimal. */
  total(): unknown {
    if (this.#decimal) return decimalOf(this.#decimalTotal(this.#decimal))
    if (this.#hasDouble) return this.#doubleTotal()
    const large = this.#large
    if (large !== undefined) {
      const exact = large + BigInt(this.#whole)
      return BigInt.asIntN(64, exact) === exact ? longOf(exact) : Number(exact)
    }
    return this.#hasLong || !isInt32(this.#whole) ? longOf(BigInt(this.#whole)) : this.#whole
  }

  /** True when a decimal was among the terms. */
  get isDecimal(): boolean {
    return this.#decimal !== undefined
  }

  /** The sum as a double. */
  doubleTotal(): number {
    return this.#decimal ? toDouble(this.total()) : this.#doubleTotal()
  }

  #addWhole(value: number): void {
    const sum = this.#whole + value
    if (Number.isSafeInteger(sum)) this.#whole = sum
    else this.#large = (this.#large ?? 0n) + BigInt(value)
  }

  #addLong(value: bigint): void {
    const small = Number(value)
    if (Number.isSafeInteger(small)) this.#addWhole(small)
    else this.#large = (this.#large ?? 0n) + value
  }

  #addDouble(value: number): void {
    this.#hasDouble = true
    const sum = this.#double + value
    if (Number.isFinite(sum)) {
      this.#lost +=
        Math.abs(this.#double) >= Math.abs(value) ? this.#double - sum + value : value - sum + this.#double
    }
    this.#double = sum
  }

  #doubleTotal(): number {
    const whole = this.#large === undefined ? this.#whole : Number(this.#large + BigInt(this.#whole))
    if (!Number.isFinite(this.#double)) return this.#double
    const sum = this.#double + whole
    const lost =
      Math.abs(this.#double) >= Math.abs(whole) ? this.#double - sum + whole : whole - sum + this.#double
    return sum + (this.#lost + lost)
  }

  #decimalTotal(decimal: DecimalParts): DecimalParts {
    const whole = addParts(decimal, exactParts(longParts(this.#large, this.#whole)))
    return this.#hasDouble
      ? addParts(whole, partsOfRoundedDouble(this.#double + this.#lost, DOUBLE_DIGITS))
      : whole
  }
}

// internals

/** Digits kept of a double that joins a decimal sum. */
const DOUBLE_DIGITS = 34

function longParts(large: bigint | undefined, whole: number): unknown {
  return large === undefined ? whole : large + BigInt(whole)
}
