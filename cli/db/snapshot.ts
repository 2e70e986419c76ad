/** `unicloud-local db snapshot` */
import { folderProblem } from '../../database/tools/open-place.ts'
import {
  deleteSnapshot,
  listSnapshots,
  restoreSnapshot,
  type Snapshot,
  type SnapshotPlace,
  saveSnapshot,
} from '../../database/tools/snapshots.ts'
import type { Flags } from '../space-options.ts'
import { databaseTarget, requireEmbedded } from './context.ts'
import { count, say, size, table, warn } from './print.ts'

export async function saveCommand(name: string, flags: Flags): Promise<void> {
  const place = await placeOf(flags)
  const saved = await told(saveSnapshot(place, name, { replace: flags.replace === true, warn }))
  say(`saved ${describe(saved)}`)
}

export async function restoreCommand(name: string, flags: Flags): Promise<void> {
  const place = await placeOf(flags)
  say(`restored ${describe(await told(restoreSnapshot(place, name)))}`)
}

export async function listCommand(flags: Flags): Promise<void> {
  const snapshots = await listSnapshots(await placeOf(flags))
  if (flags.json) return say(JSON.stringify(snapshots, undefined, 2))
  if (snapshots.length === 0) return say('no snapshots; save one with: unicloud-local db snapshot save NAME')
  process.stdout.write(
    table(
      snapshots.map(({ name, created, storage, collections, documents, bytes, problem }) => [
        name,
        created ? localTime(created) : '',
        storage,
        count(collections, 'collection'),
        count(documents, 'document'),
        size(bytes),
        ...(problem === undefined ? [] : [`unusable: ${problem}`]),
      ]),
    ),
  )
}

export async function deleteCommand(name: string, flags: Flags): Promise<void> {
  await deleteSnapshot(await placeOf(flags), name)
  say(`deleted ${name}`)
}

// internals

async function placeOf(flags: Flags): Promise<SnapshotPlace> {
  const target = await databaseTarget(flags)
  requireEmbedded(target, 'snapshots are')
  const { directory, snapshots, options } = target
  return { directory, snapshots, storage: options.storage }
}

async function told(work: Promise<Snapshot>): Promise<Snapshot> {
  try {
    return await work
  } catch (error) {
    throw folderProblem(error)
  }
}

function describe({ name, collections, documents, bytes }: Snapshot): string {
  return `${name}: ${count(collections, 'collection')}, ${count(documents, 'document')}, ${size(bytes)}`
}

/** `2026-11-25 22:15:03` on the machine's clock. */
function localTime(date: Date): string {
  return date.toLocaleString('sv-SE')
}
