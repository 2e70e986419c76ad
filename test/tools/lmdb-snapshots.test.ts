import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import { checkFolder } from '../../database/tools/check.ts'
import {
  listSnapshots,
  restoreSnapshot,
  type SnapshotPlace,
  saveSnapshot,
} from '../../database/tools/snapshots.ts'
import { dump } from '../database/store/folder.ts'
import { TempFolder } from './temp-folder.ts'

type Doc = Record<string, unknown>

const FILE = 'documents.lmdb'

/** A data folder with storage lmdb, and its snapshots. */
class Place extends TempFolder implements SnapshotPlace {
  readonly directory = this.file('database')
  readonly snapshots = this.file('snapshots')
  readonly storage = 'lmdb'

  open(): EmbeddedDatabase {
    return new EmbeddedDatabase({ directory: this.directory, storage: 'lmdb' })
  }

  async contents(): Promise<Doc> {
    await using database = this.open()
    return await dump(database, 'space')
  }

  saved(name: string): string {
    return join(this.snapshots, name)
  }
}

async function fill(place: Place, from: number, count: number): Promise<void> {
  await using database = place.open()
  await database.command('space', { createIndexes: 'c', indexes: [{ key: { n: 1 }, name: 'n' }] })
  const documents = Array.from({ length: count }, (_, at) => ({ _id: from + at, n: (from + at) % 10 }))
  await database.command('space', { insert: 'c', documents })
}

describe('a snapshot of a file of lmdb', () => {
  test('gives back what was saved', async () => {
    using place = new Place()
    await fill(place, 0, 500)
    {
      await using database = place.open()
      await database.command('other', { create: 'empty' })
    }
    const before = await place.contents()
    const saved = await saveSnapshot(place, 'one', { now: new Date(0) })
    expect(saved).toMatchObject({ created: new Date(0), storage: 'lmdb', collections: 2, documents: 500 })
    expect(readdirSync(place.saved('one')).sort()).toEqual([FILE, 'snapshot.json'])
    for (let round = 0; round < 2; round++) {
      await fill(place, 1000, 20)
      {
        await using database = place.open()
        await database.command('space', { delete: 'c', deletes: [{ q: { _id: { $lt: 400 } }, limit: 0 }] })
        await database.command('space', { insert: 'later', documents: [{ _id: 1 }] })
      }
      expect(await restoreSnapshot(place, 'one')).toEqual(saved)
      expect(await checkFolder(place.directory, 'lmdb')).toMatchObject({ findings: [] })
      expect(await place.contents()).toEqual(before)
    }
    expect(readdirSync(place.directory).filter((name) => name.includes('.new'))).toEqual([])
  })

  test('of a database that is written to all the while is the state after one commit', async () => {
    using place = new Place()
    await using thread = new EngineThread({ directory: place.directory, storage: 'lmdb' })
    const { database } = thread
    await database.command('space', { create: 'a' })
    let written = 0
    let busy = true
    const writing = (async () => {
      while (busy) {
        // Two collections in one transaction: a snapshot holds both or neither.
        const session = database.startSession()
        await session.startTransaction()
        for (const collection of ['a', 'b']) {
          const documents = [{ _id: written, text: 'x'.repeat(300) }]
          await database.command('space', { insert: collection, documents }, { session })
        }
        await session.commitTransaction()
        await session.end()
        written++
      }
    })()
    for (let round = 0; round < 5; round++) {
      const before = written
      await saveSnapshot(place, `s${round}`)
      const report = await checkFolder(place.saved(`s${round}`), 'lmdb')
      expect(report?.findings).toEqual([])
      const [a, b] = ['a', 'b'].map(
        (name) => report?.collections.find((collection) => collection.name === name)?.documents ?? 0,
      )
      expect(a).toBe(b)
      expect(a).toBeGreaterThanOrEqual(before)
    }
    await expect(restoreSnapshot(place, 's1')).rejects.toMatchObject({ code: 98 })
    busy = false
    await writing
    expect(await database.command('space', { count: 'a' })).toMatchObject({ n: written })
    await thread.close()
    expect(await checkFolder(place.directory, 'lmdb')).toMatchObject({ findings: [] })
    const { documents } = await restoreSnapshot(place, 's4')
    expect(Object.keys(await place.contents())).toHaveLength(2)
    await using again = place.open()
    expect(await again.command('space', { count: 'a' })).toMatchObject({ n: documents / 2 })
  })

  test('does not answer for writes of another time', async () => {
    using place = new Place()
    const increment = { update: 'c', updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }] }
    const call = { session: { id: 'one', txnNumber: 5 } }
    {
      await using database = place.open()
      await database.execute('space', increment, call)
    }
    await saveSnapshot(place, 'a')
    await restoreSnapshot(place, 'a')
    await using database = place.open()
    expect(await database.execute('space', increment, call)).toMatchObject({ nModified: 1 })
  })

  test('belongs to its storage', async () => {
    using place = new Place()
    await fill(place, 0, 3)
    await saveSnapshot(place, 'a')
    const journal = { ...place, storage: 'journal' as const }
    await expect(restoreSnapshot(journal, 'a')).rejects.toMatchObject({
      code: 'USAGE',
      message: "the snapshot a is of a database with storage 'lmdb'; this one has 'journal'",
    })
    await expect(saveSnapshot(journal, 'b')).rejects.toMatchObject({ message: /no database in/ })
    expect(await listSnapshots(place)).toMatchObject([{ name: 'a', storage: 'lmdb', documents: 3 }])
  })

  const damages: [name: string, damage: (path: string) => void, words: RegExp][] = [
    ['is none of lmdb’s', (path) => writeFileSync(path, 'text'.repeat(5000)), /no proper beginning/],
    ['lacks its end', (path) => truncateSync(path, readFileSync(path).length - 8192), /its end is missing/],
  ]
  test.each(damages)('that %s is refused and changes nothing', async (_name, damage, words) => {
    using place = new Place()
    await fill(place, 0, 500)
    await saveSnapshot(place, 'a')
    await fill(place, 500, 1)
    const before = await place.contents()
    damage(join(place.saved('a'), FILE))
    await expect(restoreSnapshot(place, 'a')).rejects.toMatchObject({ code: 96, message: words })
    expect(await place.contents()).toEqual(before)
    expect(existsSync(`${join(place.directory, FILE)}.new`)).toBe(false)
  })

  test('a damaged file is not saved, but can be restored over', async () => {
    using place = new Place()
    await fill(place, 0, 50)
    const before = await place.contents()
    await saveSnapshot(place, 'a')
    writeFileSync(join(place.directory, FILE), 'rubbish')
    await expect(saveSnapshot(place, 'b')).rejects.toMatchObject({ code: 96 })
    expect(readdirSync(place.snapshots)).toEqual(['a'])
    await restoreSnapshot(place, 'a')
    expect(await place.contents()).toEqual(before)
  })
})
