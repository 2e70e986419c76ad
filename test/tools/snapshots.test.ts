import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import type { JournalStore } from '../../database/engine/store/journal-store.ts'
import { verifyFolder } from '../../database/engine/verify/verify-folder.ts'
import {
  deleteSnapshot,
  listSnapshots,
  restoreSnapshot,
  type SnapshotPlace,
  saveSnapshot,
} from '../../database/tools/snapshots.ts'
import { dump } from '../database/store/folder.ts'
import { TempFolder } from './temp-folder.ts'

type Doc = Record<string, unknown>

/** A data folder with its snapshots. */
class Place extends TempFolder implements SnapshotPlace {
  readonly directory = this.file('database')
  readonly snapshots = this.file('snapshots')

  open(checkpointBytes?: number): EmbeddedDatabase {
    return new EmbeddedDatabase({
      directory: this.directory,
      ...(checkpointBytes === undefined ? {} : { checkpointBytes }),
    })
  }

  async contents(): Promise<Doc> {
    await using database = this.open()
    return await dump(database, 'space')
  }

  files(): string[] {
    return readdirSync(this.directory).sort()
  }
}

async function fill(place: Place, from: number, count: number, checkpoint = false): Promise<void> {
  await using database = place.open()
  const documents = Array.from({ length: count }, (_, at) => ({ _id: from + at, n: (from + at) % 10 }))
  await database.command('space', { insert: 'c', documents })
  if (checkpoint) await (database.state.store as JournalStore).checkpoint()
}

describe('a snapshot', () => {
  const states: [name: string, prepare: (place: Place) => Promise<void>][] = [
    ['of a journal only', (place) => fill(place, 0, 50)],
    ['of a checkpoint', (place) => fill(place, 0, 50, true)],
    [
      'of both',
      async (place) => {
        await fill(place, 0, 50, true)
        await fill(place, 50, 5)
        await using database = place.open()
        await database.command('space', { createIndexes: 'c', indexes: [{ key: { n: 1 }, name: 'n' }] })
        await database.command('other', { create: 'empty' })
        await database.command('space', { drop: 'c2' })
      },
    ],
  ]
  test.each(states)('%s gives back what was saved', async (_name, prepare) => {
    using place = new Place()
    await prepare(place)
    const before = await place.contents()
    const saved = await saveSnapshot(place, 'one', { now: new Date(0) })
    expect(saved).toMatchObject({ name: 'one', created: new Date(0), documents: expect.any(Number) })
    await fill(place, 1000, 20, true)
    {
      await using database = place.open()
      await database.command('space', { delete: 'c', deletes: [{ q: { _id: { $lt: 40 } }, limit: 0 }] })
      await database.command('space', { insert: 'later', documents: [{ _id: 1 }] })
    }
    expect(await restoreSnapshot(place, 'one')).toMatchObject({ documents: saved.documents })
    expect(verifyFolder(place.directory).findings).toEqual([])
    expect(await place.contents()).toEqual(before)
    // And again, after further changes, into a folder that was restored before.
    await fill(place, 2000, 5)
    await restoreSnapshot(place, 'one')
    expect(await place.contents()).toEqual(before)
    expect(verifyFolder(place.directory).findings).toEqual([])
  })

  test('of a database in use, written to all the while, is the state after one commit', async () => {
    using place = new Place()
    await using database = place.open(20_000)
    let written = 0
    let busy = true
    const writing = (async () => {
      while (busy) {
        // Two collections in one transaction: a snapshot holds both or neither.
        const session = database.startSession()
        await session.startTransaction()
        for (const collection of ['a', 'b']) {
          await database.command(
            'space',
            { insert: collection, documents: [{ _id: written, text: 'x'.repeat(300) }] },
            { session },
          )
        }
        await session.commitTransaction()
        await session.end()
        written++
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      const before = written
      await saveSnapshot(place, `s${round}`)
      const { collections } = verifyFolder(join(place.snapshots, `s${round}`))
      const [a, b] = ['a', 'b'].map(
        (name) => collections.find((collection) => collection.name === name)?.documents ?? 0,
      )
      expect(a).toBe(b)
      expect(a).toBeGreaterThanOrEqual(before)
      seen.push(a!)
    }
    busy = false
    await writing
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(verifyFolder(join(place.snapshots, 's4')).findings).toEqual([])
  })

  test('of a database of another process', async () => {
    using place = new Place()
    await using thread = new EngineThread({ directory: place.directory })
    await thread.database.command('space', { insert: 'c', documents: [{ _id: 1 }] })
    expect(await saveSnapshot(place, 'live')).toMatchObject({ collections: 1, documents: 1 })
    await expect(restoreSnapshot(place, 'live')).rejects.toMatchObject({ code: 98 })
    expect(await thread.database.command('space', { count: 'c' })).toMatchObject({ n: 1 })
  })

  test('of 100,000 documents is restored in under a second', async () => {
    using place = new Place()
    {
      await using database = place.open()
      const text = 'x'.repeat(200)
      for (let from = 0; from < 100_000; from += 10_000) {
        const documents = Array.from({ length: 10_000 }, (_, at) => ({ _id: from + at, uid: `u${at}`, text }))
        await database.command('space', { insert: 'c', documents })
      }
    }
    expect(await saveSnapshot(place, 'large')).toMatchObject({ documents: 100_000 })
    await fill(place, 200_000, 10)
    const start = performance.now()
    await restoreSnapshot(place, 'large')
    const ms = performance.now() - start
    await using database = place.open()
    expect(await database.command('space', { count: 'c' })).toMatchObject({ n: 100_000 })
    expect(ms).toBeLessThan(1000)
  })
})

describe('names', () => {
  test('list, replace, delete', async () => {
    using place = new Place()
    expect(await listSnapshots(place)).toEqual([])
    await fill(place, 0, 3)
    await saveSnapshot(place, 'b', { now: new Date(1000) })
    await saveSnapshot(place, '数据-1.0', { now: new Date(2000) })
    await expect(saveSnapshot(place, 'b')).rejects.toMatchObject({ code: 'USAGE', message: /already/ })
    await fill(place, 3, 3)
    await saveSnapshot(place, 'b', { replace: true, now: new Date(3000) })
    expect(await listSnapshots(place)).toEqual([
      {
        name: '数据-1.0',
        created: new Date(2000),
        storage: 'journal',
        collections: 1,
        documents: 3,
        bytes: expect.any(Number),
      },
      {
        name: 'b',
        created: new Date(3000),
        storage: 'journal',
        collections: 1,
        documents: 6,
        bytes: expect.any(Number),
      },
    ])
    await deleteSnapshot(place, 'b')
    await expect(deleteSnapshot(place, 'b')).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'there are: 数据-1.0',
    })
    expect(readdirSync(place.snapshots)).toEqual(['数据-1.0'])
  })

  test.each(['', '.', '..', '.x', '-x', 'a/b', 'a\\b', 'a b'])('%j is none', async (name) => {
    using place = new Place()
    await fill(place, 0, 1)
    await expect(saveSnapshot(place, name)).rejects.toMatchObject({ code: 'USAGE', message: /is no name/ })
    await expect(restoreSnapshot(place, name)).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('without a database there is nothing to save', async () => {
    using place = new Place()
    await expect(saveSnapshot(place, 'a')).rejects.toMatchObject({ message: /no database in/ })
    expect(existsSync(place.snapshots)).toBe(false)
  })
})

describe('when something goes wrong', () => {
  test('a damaged snapshot is refused and changes nothing', async () => {
    using place = new Place()
    await fill(place, 0, 50)
    await saveSnapshot(place, 'a')
    await fill(place, 50, 1)
    const before = await place.contents()
    const file = join(place.snapshots, 'a', 'c1-2.bson')
    const bytes = readFileSync(file)
    bytes[100]! ^= 1
    writeFileSync(file, bytes)
    await expect(restoreSnapshot(place, 'a')).rejects.toMatchObject({
      code: 96,
      message: /checksum is wrong/,
    })
    rmSync(join(place.snapshots, 'a', 'manifest'))
    await expect(restoreSnapshot(place, 'a')).rejects.toMatchObject({ code: 96, message: /is missing/ })
    expect((await listSnapshots(place))[0]).toMatchObject({ problem: 'it has no manifest' })
    expect(await place.contents()).toEqual(before)
  })

  test('a damaged data folder is not saved, but can be restored over', async () => {
    using place = new Place()
    await fill(place, 0, 50, true)
    const before = await place.contents()
    await saveSnapshot(place, 'a')
    writeFileSync(join(place.directory, 'manifest'), 'rubbish')
    await expect(saveSnapshot(place, 'b')).rejects.toMatchObject({ code: 96 })
    expect(readdirSync(place.snapshots)).toEqual(['a'])
    await restoreSnapshot(place, 'a')
    expect(await place.contents()).toEqual(before)
  })

  test('a write that was interrupted is left out, and told', async () => {
    using place = new Place()
    await fill(place, 0, 2)
    const journal = join(place.directory, 'journal-1')
    writeFileSync(journal, Buffer.concat([readFileSync(journal), Buffer.from('half')]))
    const warnings: string[] = []
    await saveSnapshot(place, 'a', { warn: (text) => warnings.push(text) })
    expect(warnings).toEqual([expect.stringContaining(`The last 4 bytes of ${journal} were cut off`)])
    expect(readdirSync(join(place.snapshots, 'a')).sort()).toEqual(['c1-2.bson', 'manifest', 'snapshot.json'])
  })

  test('a restore that is interrupted leaves the one state or the other', async () => {
    using place = new Place()
    await fill(place, 0, 30, true)
    await fill(place, 30, 5)
    await saveSnapshot(place, 'a')
    await fill(place, 100, 7)
    const before = await place.contents()
    const files = new Map(place.files().map((name) => [name, readFileSync(join(place.directory, name))]))
    await restoreSnapshot(place, 'a')
    const restored = new Map(place.files().map((name) => [name, readFileSync(join(place.directory, name))]))
    const after = await place.contents()
    // Before the manifest is renamed: the new files lie beside the old ones. After it: the old ones are still there.
    for (const [manifest, expected] of [
      [files.get('manifest')!, before],
      [restored.get('manifest')!, after],
    ] as const) {
      for (const name of place.files()) rmSync(join(place.directory, name))
      for (const [name, bytes] of [...restored, ...files]) writeFileSync(join(place.directory, name), bytes)
      writeFileSync(join(place.directory, 'manifest'), manifest)
      expect(await place.contents()).toEqual(expected)
      expect(verifyFolder(place.directory).findings).toEqual([])
    }
  })
})
