/** Reads of the engine in the caller's own thread, beside nedb in memory, and a Map with mingo. */
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { queries } from './documents.ts'
import { interleave } from './interleave.ts'
import { Ours, withFolder } from './ours.ts'
import { fillMap, fillNedb, type Peers } from './peers.ts'
import { type Row, ratio } from './rows.ts'

/**
 * @param peers without them their rows are left out
 * @param size documents of each
 */
export async function measureReads(peers: Peers | undefined, size: number, repeats: number): Promise<Row[]> {
  await using memory = new EmbeddedDatabase()
  const ours = await Ours.fill(memory, size)
  return [
    ...(peers ? await besideNedb(peers, ours, repeats) : []),
    ...(peers ? await besideMingo(peers, ours, repeats) : []),
    ...(size > SMALL ? [await besideSmall(ours, repeats)] : []),
    ...(await besideLmdb(ours, repeats)),
  ]
}

// internals

const SMALL = 1000

async function besideNedb(peers: Peers, ours: Ours, repeats: number): Promise<Row[]> {
  const { size } = ours
  const nedb = await fillNedb(peers, size)
  const byId = await interleave(
    (n) => ours.byId(n),
    (n) => nedb.findOneAsync(queries.byId(n, size)),
    repeats,
  )
  const byUser = await interleave(
    (n) => ours.byUser(n),
    (n) => nedb.findAsync(queries.byUser(n, size)),
    repeats,
  )
  const range = await interleave(
    (n) => ours.range(n),
    (n) => nedb.findAsync(queries.range(n, size)),
    repeats,
  )
  return [
    ratio('find by `_id`, direct / nedb memory', 1.5, byId),
    ratio('indexed find of 10 / nedb memory', 1.5, byUser),
    ratio('range of 100 by index / nedb memory', 1, range),
  ]
}

async function besideMingo({ mingo }: Peers, ours: Ours, repeats: number): Promise<Row[]> {
  const map = fillMap(ours.size)
  const scan = await interleave(
    (n) => ours.scan(n),
    (n) => new mingo.Query(queries.scan(n)).find(map.values()).all().length,
    repeats,
  )
  const group = await interleave(
    () => ours.group(),
    () => new mingo.Aggregator(queries.group()).run(map.values()),
    repeats,
  )
  return [
    ratio('unindexed scan / (Map + mingo)', 0.6, scan),
    ratio('`$group` by dotted path / mingo', 0.7, group),
  ]
}

async function besideSmall(ours: Ours, repeats: number): Promise<Row> {
  await using database = new EmbeddedDatabase()
  const small = await Ours.fill(database, SMALL)
  const found = await interleave(
    (n) => ours.byUser(n),
    (n) => small.byUser(n),
    repeats,
  )
  // The target is that of a million.
  return ratio(`indexed find of 10 among ${ours.size.toLocaleString('en')} / among 1,000`, 3, found)
}

function besideLmdb(memory: Ours, repeats: number): Promise<Row[]> {
  return withFolder(async (directory) => {
    // Room for all of them, twice: the cache keeps two generations.
    const cacheBytes = memory.size * 600
    await using database = new EmbeddedDatabase({ directory, storage: 'lmdb', cacheBytes })
    const lmdb = await Ours.fill(database, memory.size)
    await lmdb.scan(0)
    const byId = await interleave(
      (n) => lmdb.byId(n),
      (n) => memory.byId(n),
      repeats,
    )
    const scan = await interleave(
      (n) => lmdb.scan(n),
      (n) => memory.scan(n),
      repeats,
    )
    return [
      ratio('lmdb find by `_id` / memory', 2.5, byId),
      ratio('lmdb scan with full cache / memory', 40, scan),
    ]
  })
}
