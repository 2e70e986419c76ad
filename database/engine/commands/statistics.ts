import type { Collection } from '../catalog.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import type { Context } from './context.ts'

/** `dbStats` */
export function dbStats(context: Context, command: Doc): Doc {
  const args = new Arguments(firstName(command), command)
  args.value(args.command)
  const scale = scaleOf(args)
  const collections = context.state.catalog.collections(context.database)
  const sizes = collections.map((collection) => sizesOf(context, collection))
  const sum = (pick: (size: Sizes) => number) => sizes.reduce((total, size) => total + pick(size), 0)
  const objects = sum((size) => size.documents)
  const dataSize = sum((size) => size.bytes)
  return {
    db: context.database,
    collections: collections.length,
    views: 0,
    objects,
    avgObjSize: objects === 0 ? 0 : dataSize / objects,
    dataSize: dataSize / scale,
    storageSize: dataSize / scale,
    indexes: sum((size) => size.indexes),
    indexSize: 0,
    totalSize: dataSize / scale,
    scaleFactor: scale,
    ok: 1,
  }
}

/** `collStats` */
export function collStats(context: Context, command: Doc): Doc {
  const args = new Arguments(firstName(command), command)
  const name = args.collection(context.database)
  const scale = scaleOf(args)
  const collection = context.unit.find(context.database, name)
  const sizes = collection ? sizesOf(context, collection) : { documents: 0, bytes: 0, indexes: 0 }
  return {
    ns: `${context.database}.${name}`,
    size: sizes.bytes / scale,
    count: sizes.documents,
    ...(sizes.documents > 0 ? { avgObjSize: Math.floor(sizes.bytes / sizes.documents) } : {}),
    storageSize: sizes.bytes / scale,
    capped: collection?.options.capped === true,
    nindexes: sizes.indexes,
    totalIndexSize: 0,
    totalSize: sizes.bytes / scale,
    indexSizes: Object.fromEntries((collection?.indexes ?? []).map((index) => [index.name, 0])),
    scaleFactor: scale,
    ok: 1,
  }
}

// internals

interface Sizes {
  documents: number
  bytes: number
  indexes: number
}

function firstName(command: Doc): string {
  return Object.keys(command)[0] ?? ''
}

function scaleOf(args: Arguments): number {
  const scale = args.integer('scale') ?? 1
  args.end('freeStorage')
  return Math.max(scale, 1)
}

function sizesOf(context: Context, collection: Collection): Sizes {
  const indexes = collection.indexes.length
  const estimate = collection.loaded ? undefined : context.state.store.estimate(collection.entry())
  if (estimate) return { ...estimate, indexes }
  return { documents: collection.data.size, bytes: collection.data.bytes, indexes }
}
