import type { Doc } from '../../../database/engine/values/types.ts'
import type { Sample } from './sample.ts'

/** Places on a coarse grid; what is asked lies on another, so that nothing touches: there even servers differ. */
export function randomPlace(sample: Sample): Doc {
  switch (sample.integer(6)) {
    case 0:
      return { g: { type: 'LineString', coordinates: [point(sample), shifted(sample, 'stored')] } }
    case 1:
      return { g: { type: 'Polygon', coordinates: [ring(sample, 'stored')] } }
    case 2:
      return { p: point(sample) }
    case 3:
      return { g: { type: 'MultiPoint', coordinates: [point(sample), shifted(sample, 'stored')] } }
    default:
      return { g: { type: 'Point', coordinates: point(sample) }, p: point(sample) }
  }
}

export function randomGeoQuery(sample: Sample): Doc {
  const read = (filter: Doc): Doc => ({ find: 'self', filter, sort: { _id: 1 } })
  switch (sample.integer(6)) {
    case 0:
      return read({ g: { $geoWithin: { $geometry: area(sample) } } })
    case 1:
      return read({ g: { $geoIntersects: { $geometry: sample.chance(0.7) ? area(sample) : line(sample) } } })
    case 2:
      return read({ g: { $geoWithin: { $centerSphere: [shifted(sample), sample.pick([0.05, 0.2, 0.5])] } } })
    case 3:
      return read({ p: { $geoWithin: { $box: [[-25, -25], shifted(sample)] } } })
    case 4:
      return read({ p: { $geoWithin: { $center: [shifted(sample), sample.pick([5, 12, 33])] } } })
    default:
      return read({ p: { $geoWithin: { $polygon: ring(sample).slice(0, -1) } } })
  }
}

// internals

type Shift = 'asked' | 'stored'

function point(sample: Sample): [number, number] {
  return [sample.integer(8) * 10 - 40, sample.integer(8) * 10 - 40]
}

function shifted(sample: Sample, by: Shift = 'asked'): [number, number] {
  const [x, y] = point(sample)
  return by === 'asked' ? [x + 3.3, y + 1.7] : [x + 4.1, y + 2.3]
}

function ring(sample: Sample, by: Shift = 'asked'): [number, number][] {
  const [x, y] = shifted(sample, by)
  const width = 4 + sample.integer(30)
  const height = 4 + sample.integer(30)
  const corners: [number, number][] = [
    [x, y],
    [x + width, y + sample.integer(3)],
    [x + width - 1, y + height],
    [x + 0.5, y + height],
  ]
  return [...corners, [x, y]]
}

function area(sample: Sample): Doc {
  return { type: 'Polygon', coordinates: [ring(sample)] }
}

function line(sample: Sample): Doc {
  return { type: 'LineString', coordinates: [shifted(sample), shifted(sample)] }
}
