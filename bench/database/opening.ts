/** Opening what is on the disk, snapshots, and the memory a document takes. */
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import type { Storage } from '../../database/engine/store/contract.ts'
import { restoreSnapshot, saveSnapshot } from '../../database/tools/snapshots.ts'
import { median } from '../measure.ts'
import { repeated, timed } from './interleave.ts'
import { Ours, withFolder } from './ours.ts'
import type { Row } from './rows.ts'

export async function measureOpening(size: number, repeats: number): Promise<Row[]> {
  const documents = `${size.toLocaleString('en')} documents`
  // The targets are those of 100,000 documents.
  const more = Math.max(1, size / 100_000)
  return withFolder(async (folder) => {
    const journal = path.join(folder, 'journal')
    const lmdb = path.join(folder, 'lmdb')
    await fill(journal, 'journal', size)
    await fill(lmdb, 'lmdb', size)
    const place = { directory: journal, snapshots: path.join(folder, 'snapshots') }
    await saveSnapshot(place, 'bench')
    const restore = await repeated(repeats, () => timed(() => restoreSnapshot(place, 'bench')))
    return [
      await openRow('journal', { directory: journal, size, repeats, target: 0.8 * more }),
      await openRow('lmdb', { directory: lmdb, size, repeats, target: 0.05 }),
      { measure: `restore a snapshot of ${documents}`, target: more, value: restore / 1000, unit: 's' },
    ]
  })
}

/** @returns kilobytes that a document with three indexes takes */
export async function measureMemory(size: number): Promise<Row> {
  const before = usedBytes()
  await using database = new EmbeddedDatabase()
  await Ours.fill(database, size)
  const value = (usedBytes() - before) / size / 1024
  return { measure: 'memory per 280-byte document with three indexes', target: 1.4, value, unit: 'KB' }
}

// internals

async function fill(directory: string, storage: Storage, size: number): Promise<void> {
  await using database = new EmbeddedDatabase({ directory, storage })
  await Ours.fill(database, size)
}

/** Until one document could be read: the journal loads a collection when it is first asked for. */
async function openRow(
  storage: Storage,
  { directory, size, repeats, target }: { directory: string; size: number; repeats: number; target: number },
): Promise<Row> {
  const processor: number[] = []
  const ms = await repeated(repeats, async () => {
    const [before, started] = [process.cpuUsage(), performance.now()]
    await using database = new EmbeddedDatabase({ directory, storage })
    await new Ours(database, size).byId(0)
    const { user, system } = process.cpuUsage(before)
    processor.push(user + system)
    return performance.now() - started
  })
  const measure = `open ${size.toLocaleString('en')} documents, ${storage}, to the first answer`
  return { measure, target, value: ms / 1000, unit: 's', processor: median(processor) }
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let n = 0; n < 3; n++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
