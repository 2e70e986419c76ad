import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkFolder } from '../../../database/tools/check.ts'
import { Folder } from './folder.ts'

const FILE = 'documents.lmdb'

async function filled(folder: Folder): Promise<void> {
  await using database = folder.open({ storage: 'lmdb' })
  await database.command('d', { createIndexes: 'a', indexes: [{ key: { n: 1 }, name: 'n' }] })
  const documents = Array.from({ length: 500 }, (_, _id) => ({ _id, n: _id % 7, text: 'some longer text' }))
  await database.command('d', { insert: 'a', documents })
  await database.command('d', { insert: 'b', documents: [{ _id: 1, text: 'y'.repeat(100_000) }] })
  await database.command('d', { delete: 'a', deletes: [{ q: { _id: { $lt: 100 } }, limit: 0 }] })
}

describe('db check with lmdb', () => {
  test('finds nothing in a good file, also while it is in use', async () => {
    using folder = new Folder()
    await filled(folder)
    const good = {
      findings: [],
      collections: [
        { database: 'd', name: 'a', documents: 400, indexes: 2 },
        { database: 'd', name: 'b', documents: 1, indexes: 1 },
      ],
    }
    const before = readFileSync(folder.file(FILE))
    expect(await checkFolder(folder.path, 'lmdb')).toMatchObject(good)
    expect(readFileSync(folder.file(FILE)).equals(before)).toBe(true)
    await using database = folder.open({ storage: 'lmdb' })
    const writing = Array.from({ length: 20 }, (_, _id) =>
      database.command('d', { insert: 'new', documents: [{ _id }] }),
    )
    expect(await checkFolder(folder.path, 'lmdb')).toMatchObject({ findings: [] })
    await Promise.all(writing)
  })

  test('is told apart from a folder that has none', async () => {
    using folder = new Folder()
    expect(await checkFolder(folder.path, 'lmdb')).toBeUndefined()
    await folder.open().close()
    expect(await checkFolder(folder.path, 'lmdb')).toBeUndefined()
    expect(await checkFolder(folder.path, 'journal')).toMatchObject({ findings: [] })
  })

  const damages: [name: string, damage: (path: string) => void, words: RegExp][] = [
    [
      'a file that is none of lmdb’s',
      (path) => writeFileSync(path, 'text'.repeat(5000)),
      /no proper beginning/,
    ],
    [
      'a missing end',
      (path) => truncateSync(path, readFileSync(path).length - 8192),
      /missing|MDB_CORRUPTED|BSON/,
    ],
    [
      'a document whose number was changed',
      (path) => flip(path, Buffer.from([0x10, ...Buffer.from('n'), 0, 3, 0, 0, 0]), 3),
      /missing in the index n|that the document does not give it/,
    ],
  ]
  test.each(damages)('names %s', async (_name, damage, words) => {
    using folder = new Folder()
    await filled(folder)
    damage(folder.file(FILE))
    const report = await checkFolder(folder.path, 'lmdb')
    expect(report?.findings[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(words) })
  })
})

/** Changes one byte of every place these bytes are found at. */
function flip(path: string, bytes: Buffer, at: number): void {
  const file = readFileSync(path)
  for (let place = file.indexOf(bytes); place >= 0; place = file.indexOf(bytes, place + 1))
    file[place + at]! ^= 1
  writeFileSync(path, file)
}
