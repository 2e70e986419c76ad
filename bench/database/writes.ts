/** Durable writes: the journal beside nedb's file. Both hand each write to the operating system before they answer. */
import path from 'node:path'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { documentAt, queries } from './documents.ts'
import { interleave } from './interleave.ts'
import { Ours, withFolder } from './ours.ts'
import { fillNedb, type Peers } from './peers.ts'
import { type Row, ratio } from './rows.ts'

export function measureWrites(peers: Peers, size: number, repeats: number): Promise<Row[]> {
  return withFolder(async (folder) => {
    await using database = new EmbeddedDatabase({ directory: path.join(folder, 'journal') })
    const ours = await Ours.fill(database, size)
    const nedb = await fillNedb(peers, size, path.join(folder, 'nedb.db'))
    const increment = await interleave(
      (n) => ours.increment(n),
      (n) => nedb.updateAsync(queries.byId(n, size), { $inc: { score: 1 } }, {}),
      repeats,
    )
    const insert = await interleave(
      (n) => ours.insert([documentAt(size + n)]),
      (n) => nedb.insertAsync(documentAt(size + n)),
      repeats,
    )
    return [
      ratio('durable `$inc` by `_id` (journal) / nedb file', 0.5, increment),
      ratio('durable insert (journal) / nedb file', 0.3, insert),
    ]
  })
}
