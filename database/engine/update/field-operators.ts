import { Timestamp } from 'bson'
import { fail } from '../errors.ts'
import { identicalValues } from '../values/compare.ts'
import { bsonTypeName, isDocument, MISSING } from '../values/types.ts'
import { type Leaf, REMOVED } from './node.ts'

/** `$set $setOnInsert $unset $min $max $currentDate`: operators that do not care what the old value is made of. */

export function setLeaf(operand: unknown): Leaf {
  return { kind: 'leaf', apply: (value) => (identicalValues(value, operand) ? value : operand) }
}

export function setOnInsertLeaf(operand: unknown): Leaf {
  return { kind: 'leaf', apply: (value, { insert }) => (insert ? operand : value) }
}

export function unsetLeaf(): Leaf {
  return { kind: 'leaf', apply: (value) => (value === MISSING ? MISSING : REMOVED) }
}

/** @param side 1 keeps the greater value, −1 the smaller */
export function compareLeaf(
  operand: unknown,
  compare: (a: unknown, b: unknown) => number,
  side: 1 | -1,
): Leaf {
  return {
    kind: 'leaf',
    apply: (value) => (value === MISSING || compare(operand, value) * side > 0 ? operand : value),
  }
}

/** @throws code 2 for anything but a boolean or `{$type: 'date' | 'timestamp'}` */
export function currentDateLeaf(operand: unknown): Leaf {
  const asDate = typeof operand === 'boolean' || typeOption(operand) === 'date'
  return {
    kind: 'leaf',
    apply: (_, { now }) =>
      asDate ? new Date(now) : new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 }),
  }
}

// internals

function typeOption(operand: unknown): 'date' | 'timestamp' {
  if (!isDocument(operand)) {
    return fail(
      2,
      `${bsonTypeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
    )
  }
  for (const name of Object.keys(operand)) {
    if (name !== '$type') fail(2, `Unrecognized $currentDate option: ${name}`)
  }
  const { $type: type } = operand
  if (type === 'date' || type === 'timestamp') return type
  return fail(
    2,
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  )
}
