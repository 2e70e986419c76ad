import { fail } from '../../errors.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import { countOf } from '../expressions/integers.ts'
import { createFrame, type Expression, type Scope } from '../scope.ts'
import { compileDocumentOrder } from '../value-order.ts'
import type { Accumulator, AccumulatorPlan } from './accumulator.ts'
import { COUNTED, checkMethod, fractionsOf, namedMembers, QUANTILE, RANKED } from './arguments.ts'
import {
  AddToSet,
  Average,
  Count,
  Extreme,
  First,
  Last,
  MergeObjects,
  Push,
  StandardDeviation,
  Sum,
} from './basic.ts'
import { Percentile } from './quantiles.ts'
import { ExtremeN, FirstN, LastN, type RankedValue, TopN } from './ranked.ts'

/** Compiles the argument of an accumulator. */
export type AccumulatorCompiler = (argument: unknown, scope: Scope, name: string) => AccumulatorPlan

/**
 * Compiles one output field of `$group`, `$bucket`, `$bucketAuto`.
 * @param specification `{$sum: '$x'}`
 * @throws DatabaseError 40234 or 40238 when it is no accumulator, 15952 for an unknown one, 40237 for a list of arguments
 */
export function compileAccumulator(field: string, specification: unknown, scope: Scope): AccumulatorPlan {
  if (!isDocument(specification)) fail(40234, `The field '${field}' must be an accumulator object`)
  const [name, ...others] = Object.keys(specification)
  if (name === undefined) fail(40234, `The field '${field}' must be an accumulator object`)
  if (others.length > 0) fail(40238, `The field '${field}' must specify one accumulator`)
  if (!name.startsWith('$')) fail(40234, `The field '${field}' must be an accumulator object`)
  const compile = ACCUMULATORS.get(name)
  if (name === '$accumulator') {
    fail(
      31264,
      "$accumulator is switched off here: the embedded database runs no JavaScript inside queries. Use other accumulators, or connect a real server (database: 'mongodb://…')",
    )
  }
  if (!compile) return fail(15952, `unknown group operator '${name}'`)
  return compile(specification[name], scope, name)
}

/** All accumulators by name. */
export const ACCUMULATORS: ReadonlyMap<string, AccumulatorCompiler> = new Map(
  Object.entries({
    $addToSet: unary((scope) => {
      const key = groupKeyEncoder(scope.options.collation)
      return () => new AddToSet(key)
    }),
    $avg: unary(() => () => new Average()),
    $bottom: top({ bottom: true, single: true }),
    $bottomN: top({ bottom: true, single: false }),
    $count: countPlan,
    $first: unary(() => () => new First()),
    $firstN: counted((count) => new FirstN(count)),
    $last: unary(() => () => new Last()),
    $lastN: counted((count) => new LastN(count)),
    $max: unary((scope) => () => new Extreme(scope.compare, 1)),
    $maxN: counted((count, scope) => new ExtremeN(count, (a, b) => scope.compare(b, a))),
    $median: (argument, scope, name) => {
      const doc = namedMembers(name, argument, ['input', 'method'], QUANTILE)
      checkMethod(name, doc.method)
      return { input: scope.compile(doc.input), create: () => new Percentile([0.5], true) }
    },
    $mergeObjects: unary(() => () => new MergeObjects()),
    $min: unary((scope) => () => new Extreme(scope.compare, -1)),
    $minN: counted((count, scope) => new ExtremeN(count, scope.compare)),
    $percentile: (argument, scope, name) => {
      const doc = namedMembers(name, argument, ['input', 'p', 'method'], QUANTILE)
      checkMethod(name, doc.method)
      const fractions = fractionsOf(doc.p, scope)
      return { input: scope.compile(doc.input), create: () => new Percentile(fractions, false) }
    },
    $push: unary(() => () => new Push()),
    $stdDevPop: unary(() => () => new StandardDeviation(false)),
    $stdDevSamp: unary(() => () => new StandardDeviation(true)),
    $sum: unary(() => () => new Sum()),
    $top: top({ bottom: false, single: true }),
    $topN: top({ bottom: false, single: false }),
  } satisfies Record<string, AccumulatorCompiler>),
)

// internals

function unary(make: (scope: Scope) => () => Accumulator): AccumulatorCompiler {
  return (argument, scope, name) => {
    if (Array.isArray(argument)) fail(40237, `The ${name} accumulator is a unary operator`)
    return { input: scope.compile(argument), create: make(scope) }
  }
}

function countPlan(argument: unknown): AccumulatorPlan {
  if (!isDocument(argument) || Object.keys(argument).length > 0) {
    fail(9, '$count takes no arguments, i.e. $count:{}')
  }
  return { input: () => null, create: () => new Count() }
}

/** Accumulators with `n` and `input`. */
function counted(make: (count: number, scope: Scope) => Accumulator): AccumulatorCompiler {
  return (argument, scope, name) => {
    const doc = namedMembers(name, argument, ['n', 'input'], COUNTED)
    const count = compileCount(doc, scope)
    return { input: scope.compile(doc.input), create: (group) => make(count(group), scope) }
  }
}

/** `n` as a function of the group's key, the only document it may look at. */
function compileCount(doc: Doc, scope: Scope): (group: unknown) => number {
  const expression = scope.compile(doc.n)
  return (group) => countOf(expression(createFrame(isDocument(group) ? group : MISSING)))
}

function top(kind: { bottom: boolean; single: boolean }): AccumulatorCompiler {
  return (argument, scope, name) => {
    const doc = namedMembers(
      name,
      argument,
      kind.single ? ['sortBy', 'output'] : ['n', 'sortBy', 'output'],
      RANKED,
    )
    const { sortBy } = doc
    if (!isDocument(sortBy)) {
      return fail(5788604, `expected 'sortBy' to be an object in the arguments to ${name}`)
    }
    const order = compileDocumentOrder(sortBy, scope)
    const count = kind.single ? () => 1 : compileCount(doc, scope)
    return {
      input: rankedInput(scope.compile(doc.output)),
      create: (group) => new TopN(count(group), order, kind),
    }
  }
}

function rankedInput(output: Expression): Expression {
  return (frame): RankedValue => ({ document: frame.root, output: output(frame) })
}
