import type { Doc } from '../../../database/engine/values/types.ts'
import { condition } from './random-filter.ts'
import type { Sample } from './sample.ts'

export function randomProjection(sample: Sample): Doc {
  // Beside other fields `$elemMatch` has changed in 4.4.
  if (sample.chance(0.1)) {
    return { [sample.field()]: { $elemMatch: { $gte: sample.number(), ...(condition(sample, 0) as Doc) } } }
  }
  const projection: Doc = {}
  if (sample.chance(0.2)) projection._id = sample.pick([0, false])
  const including = sample.chance(0.6)
  for (let left = 1 + sample.integer(3); left > 0; left--) {
    const path = sample.path()
    // Servers before 4.4 take paths below each other.
    if (
      Object.keys(projection).some(
        (other) => `${other}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${other}.`),
      )
    )
      continue
    projection[path] =
      !path.includes('.') && sample.chance(0.2)
        ? slice(sample)
        : including
          ? sample.pick([1, true, 2])
          : sample.pick([0, false])
  }
  return projection
}

export function randomSort(sample: Sample): Doc {
  const sort: Doc = {}
  for (let left = 1 + sample.integer(2); left > 0; left--) {
    const path = sample.path()
    // Two elements of one array that are arrays again: servers refuse some of these, we sort them.
    if (!Object.keys(sort).some((other) => /\d/.test(other) && /\d/.test(path)))
      sort[path] = sample.pick([1, -1])
  }
  return sort
}

// internals

function slice(sample: Sample): Doc {
  return { $slice: sample.pick([0, 1, 2, -1, [0, 1], [1, 1], [-2, 1], [5, 2]]) }
}
