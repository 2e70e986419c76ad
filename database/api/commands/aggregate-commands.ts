/**
 * `db.command.aggregate`, usually `$`: one function per expression operator (spec/database.md §10).
 */

/** The operators of MongoDB 4.0 that uniCloud offers by name; `neq` is the one that is renamed. */
const names = [
  ...['abs', 'add', 'ceil', 'divide', 'exp', 'floor', 'ln', 'log', 'log10', 'mod', 'multiply', 'pow', 'sqrt'],
  ...['subtract', 'trunc'],
  ...['arrayElemAt', 'arrayToObject', 'concatArrays', 'filter', 'in', 'indexOfArray', 'isArray', 'map'],
  ...['objectToArray', 'range', 'reduce', 'reverseArray', 'size', 'slice', 'zip'],
  ...['and', 'or', 'not'],
  ...['cmp', 'eq', 'gt', 'gte', 'lt', 'lte', 'neq'],
  ...['cond', 'ifNull', 'switch'],
  ...['dateFromParts', 'dateFromString', 'dateToString', 'dayOfMonth', 'dayOfWeek', 'dayOfYear', 'hour'],
  ...['isoDayOfWeek', 'isoWeek', 'isoWeekYear', 'millisecond', 'minute', 'month', 'second', 'week', 'year'],
  ...['literal', 'let', 'mergeObjects'],
  ...['allElementsTrue', 'anyElementTrue', 'setDifference', 'setEquals', 'setIntersection', 'setIsSubset'],
  ...['setUnion'],
  ...['concat', 'indexOfBytes', 'indexOfCP', 'split', 'strLenBytes', 'strLenCP', 'strcasecmp', 'substr'],
  ...['substrBytes', 'substrCP', 'toLower', 'toUpper'],
  ...['addToSet', 'avg', 'first', 'last', 'max', 'min', 'push', 'stdDevPop', 'stdDevSamp', 'sum'],
] as const

export type ExpressionName = (typeof names)[number]

/** `$.name(argument)` is `{$name: argument}`, the argument untouched. */
export type ExpressionCommands = Readonly<
  Record<ExpressionName, (argument: unknown) => Record<string, unknown>>
>

export function createExpressionCommands(): ExpressionCommands {
  return Object.fromEntries(
    names.map((name) => {
      const operator = name === 'neq' ? '$ne' : `$${name}`
      return [name, (argument: unknown) => ({ [operator]: argument })]
    }),
  ) as ExpressionCommands
}
