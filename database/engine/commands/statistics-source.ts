import { fail } from '../errors.ts'
import { describeIndex } from '../index/definition.ts'
import type { Doc } from '../values/types.ts'
import { type Context, viewOf } from './context.ts'
import { collStats } from './statistics.ts'

/** First stages that tell about the database itself; undefined for any other stage. */
export function statisticsSource(
  context: Context,
  name: string | undefined,
  stage: Doc,
): Iterable<Doc> | undefined {
  const [kind = ''] = Object.keys(stage)
  switch (kind) {
    case '$collStats':
      return collectionStatistics(context, needCollection(name, kind), stage[kind] as Doc)
    case '$indexStats':
      return indexStatistics(context, needCollection(name, kind))
    case '$listLocalSessions':
      return [...context.state.sessions].map(({ id, lastUse }) => ({
        _id: { id },
        lastUse: new Date(lastUse),
      }))
    case '$currentOp':
      return []
    default:
      return undefined
  }
}

// internals

function needCollection(name: string | undefined, stage: string): string {
  return name ?? fail(73, `{aggregate: 1} is not valid for '${stage}'; a collection is required.`)
}

function collectionStatistics(context: Context, name: string, options: Doc): Doc[] {
  const view = viewOf(context, name)
  const { ok: _ok, ns, ...storageStats } = collStats(context, { collStats: name })
  return [
    {
      ns,
      host: 'localhost',
      localTime: context.now,
      ...(options.count ? { count: view?.collection.data.size ?? 0 } : {}),
      ...(options.storageStats ? { storageStats } : {}),
    },
  ]
}

function indexStatistics(context: Context, name: string): Doc[] {
  const indexes = context.unit.find(context.database, name)?.indexes ?? []
  return indexes.map((index) => ({
    name: index.name,
    key: index.key,
    host: 'localhost',
    accesses: { ops: 0, since: context.now },
    spec: describeIndex(index),
  }))
}
