import { fail } from '../../errors.ts'
import type { Accumulator } from '../accumulators/accumulator.ts'
import { COUNTED, checkMethod, fractionsOf, namedMembers, QUANTILE } from '../accumulators/arguments.ts'
import { Average, Extreme, MergeObjects, StandardDeviation, Sum } from '../accumulators/basic.ts'
import { Percentile } from '../accumulators/quantiles.ts'
import { ExtremeN, FirstN, LastN } from '../accumulators/ranked.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { compileArguments, isNullish, requiredMember, typeOf } from './arguments.ts'
import { countOf } from './integers.ts'

/** Accumulators used as expressions: a single argument that is an array is taken element by element. */
export const ACCUMULATION: Readonly<Record<string, Operator>> = {
  $avg: overValues(() => new Average()),
  $firstN: overArray((count) => new FirstN(count)),
  $lastN: overArray((count) => new LastN(count)),
  $max: overValues((scope) => new Extreme(scope.compare, 1)),
  $maxN: overArray((count, scope) => new ExtremeN(count, (a, b) => scope.compare(b, a))),
  $median: (argument, scope, name) => {
    const doc = namedMembers(name, argument, ['input', 'method'], QUANTILE)
    checkMethod(name, doc.method)
    return overInput(requiredMember(doc, 'input', scope), () => new Percentile([0.5], true))
  },
  $mergeObjects: overValues(() => new MergeObjects()),
  $min: overValues((scope) => new Extreme(scope.compare, -1)),
  $minN: overArray((count, scope) => new ExtremeN(count, scope.compare)),
  $percentile: (argument, scope, name) => {
    const doc = namedMembers(name, argument, ['input', 'p', 'method'], QUANTILE)
    checkMethod(name, doc.method)
    const fractions = fractionsOf(doc.p, scope)
    return overInput(requiredMember(doc, 'input', scope), () => new Percentile(fractions, false))
  },
  $stdDevPop: overValues(() => new StandardDeviation(false)),
  $stdDevSamp: overValues(() => new StandardDeviation(true)),
  $sum: overValues(() => new Sum()),
}

// internals

function overValues(make: (scope: Scope) => Accumulator): Operator {
  return (argument, scope, name) => {
    const expressions = compileArguments(argument, scope, name, 0, Number.POSITIVE_INFINITY)
    const [only] = expressions
    if (expressions.length === 1 && only) return overInput(only, () => make(scope))
    return (frame) => {
      const accumulator = make(scope)
      for (const expression of expressions) accumulator.add(expression(frame))
      return accumulator.result()
    }
  }
}

function overInput(input: Expression, make: () => Accumulator): Expression {
  return (frame) => {
    const accumulator = make()
    const value = input(frame)
    if (Array.isArray(value)) for (const element of value) accumulator.add(element)
    else accumulator.add(value)
    return accumulator.result()
  }
}

/** The N operators on an array. */
function overArray(make: (count: number, scope: Scope) => Accumulator): Operator {
  return (argument, scope, name) => {
    const doc = namedMembers(name, argument, ['n', 'input'], COUNTED)
    const [n, input] = [requiredMember(doc, 'n', scope), requiredMember(doc, 'input', scope)]
    return (frame) => {
      const accumulator = make(countOf(n(frame)), scope)
      const array = input(frame)
      if (isNullish(array)) return null
      if (!Array.isArray(array)) return fail(5788200, `Input must be an array, found: ${typeOf(array)}`)
      for (const element of array) accumulator.add(element)
      return accumulator.result()
    }
  }
}
