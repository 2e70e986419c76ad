/** Random cases both servers are asked: documents, and a query, an update or a pipeline over them. */
import type { Doc } from '../../../database/engine/values/types.ts'
import { RandomValues } from '../../database/engine/random-values.ts'
import { randomCollated, randomCommand } from './random-command.ts'
import { randomFilter } from './random-filter.ts'
import { randomGeoQuery, randomPlace } from './random-geo.ts'
import { randomPipeline } from './random-pipeline.ts'
import { randomProjection, randomSort } from './random-reading.ts'
import { randomArrayFilters, randomUpdate } from './random-update.ts'
import { Sample } from './sample.ts'

export interface OracleCase {
  readonly kind: CaseKind
  readonly docs: readonly Doc[]
  /** The command, without the documents; its collection is `self`, that of a `$lookup` is `other`. */
  readonly command: Doc
}

export const caseKinds = [
  'filter',
  'projection',
  'sort',
  'collation',
  'update',
  'command',
  'geo',
  'pipeline',
] as const
export type CaseKind = (typeof caseKinds)[number]

/** The same for the same seed. */
export function randomCase(kind: CaseKind, seed: number): OracleCase {
  const sample = new Sample(new RandomValues(seed))
  const constants = kind === 'pipeline' ? sample.constants() : {}
  const docs = Array.from({ length: 2 + sample.integer(6) }, (_, at) => ({
    _id: at,
    ...(kind === 'geo' ? randomPlace(sample) : sample.document()),
    ...constants,
  }))
  return { kind, docs, command: commandOf(kind, sample) }
}

// internals

function commandOf(kind: CaseKind, sample: Sample): Doc {
  switch (kind) {
    case 'filter':
      return { find: 'self', filter: randomFilter(sample), sort: { _id: 1 } }
    case 'projection':
      return {
        find: 'self',
        filter: randomFilter(sample, 1),
        projection: randomProjection(sample),
        sort: { _id: 1 },
      }
    case 'sort':
      return { find: 'self', sort: { ...randomSort(sample), _id: 1 } }
    case 'collation':
      return randomCollated(sample)
    case 'update':
      return updateCommand(sample)
    case 'command':
      return randomCommand(sample)
    case 'geo':
      return randomGeoQuery(sample)
    case 'pipeline':
      return { aggregate: 'self', pipeline: [{ $sort: { _id: 1 } }, ...randomPipeline(sample)], cursor: {} }
  }
}

function updateCommand(sample: Sample): Doc {
  const q = sample.chance(0.3) ? {} : randomFilter(sample, 1)
  const u = randomUpdate(sample)
  const arrayFilters = randomArrayFilters(u, sample)
  const multi = sample.chance(0.5) && Object.keys(u)[0]?.startsWith('$') === true
  return {
    update: 'self',
    updates: [{ q, u, multi, upsert: sample.chance(0.3), ...(arrayFilters ? { arrayFilters } : {}) }],
  }
}
