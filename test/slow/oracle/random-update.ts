import type { Doc } from '../../../database/engine/values/types.ts'
import { condition } from './random-filter.ts'
import type { Sample } from './sample.ts'

export function randomUpdate(sample: Sample): Doc {
  if (sample.chance(0.1)) return { z: 1, ...sample.object(2) }
  const update: Doc = {}
  for (let left = 1 + sample.integer(2); left > 0; left--) {
    const operator = sample.pick(operators)
    update[operator] = Object.fromEntries(
      Array.from({ length: 1 + sample.integer(2) }, () => [
        target(sample, operator),
        operand(operator, sample),
      ]),
    )
  }
  return update
}

/** For the identifiers an update names. */
export function randomArrayFilters(update: Doc, sample: Sample): Doc[] | undefined {
  if (!JSON.stringify(update).includes('$[e]')) return undefined
  const filter = condition(sample, 0)
  return [sample.chance(0.5) ? { e: filter } : { [`e.${sample.field()}`]: filter }]
}

// internals

function target(sample: Sample, operator: string): string {
  if (operator !== '$rename' && sample.chance(0.15))
    return sample.pick(['c.$[]', 'c.$[e]', 'a.$[]', 'c.$', 'c.$[].a', 'a.$[e].b'])
  return sample.path()
}

function operand(operator: string, sample: Sample): unknown {
  switch (operator) {
    case '$inc':
    case '$mul':
      return sample.chance(0.9) ? sample.pick([0, 1, 2, -1, 1.5]) : sample.scalar()
    case '$unset':
      return ''
    case '$rename':
      return sample.pick(['x', 'y', 'a.x', 'b', 'c.0'])
    case '$push':
      return sample.chance(0.5) ? sample.value(1) : push(sample)
    case '$addToSet':
      return sample.chance(0.5) ? sample.value(1) : { $each: sample.list(4, () => sample.value(1)) }
    case '$pull':
      return sample.chance(0.4) ? sample.value(1) : pullCondition(sample)
    case '$pullAll':
      return sample.list(4, () => sample.value(1))
    case '$pop':
      return sample.pick([1, -1, 1, -1, 2])
    case '$bit':
      return { [sample.pick(['and', 'or', 'xor'])]: sample.pick([1, 2, 3, 5]) }
    case '$currentDate':
      return true
    default:
      return sample.value(2)
  }
}

/** Servers differ in which operators may stand first. */
function pullCondition(sample: Sample): unknown {
  const made = condition(sample, 0)
  const [first] = typeof made === 'object' && made !== null ? Object.keys(made) : []
  return first === '$eq' ? { $gte: 1 } : made
}

function push(sample: Sample): Doc {
  return {
    $each: sample.list(4, () => sample.value(1)),
    ...(sample.chance(0.4) ? { $position: sample.pick([0, 1, -1, 5]) } : {}),
    ...(sample.chance(0.4) ? { $slice: sample.pick([0, 1, 2, -1, -2]) } : {}),
    ...(sample.chance(0.4) ? { $sort: sample.pick([1, -1, { a: 1 }, { b: -1, a: 1 }]) } : {}),
  }
}

const operators = [
  '$set',
  '$set',
  '$unset',
  '$inc',
  '$mul',
  '$min',
  '$max',
  '$rename',
  '$push',
  '$push',
  '$addToSet',
  '$pull',
  '$pullAll',
  '$pop',
  '$bit',
  '$setOnInsert',
]
