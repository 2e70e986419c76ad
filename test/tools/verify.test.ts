import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { parseIndexDefinition } from '../../database/engine/index/definition.ts'
import type { Index } from '../../database/engine/index/index.ts'
import type { JournalStore } from '../../database/engine/store/journal-store.ts'
import { MemoryCollection } from '../../database/engine/store/memory-collection.ts'
import { Findings } from '../../database/engine/verify/finding.ts'
import { verifyCollection } from '../../database/engine/verify/verify-collection.ts'
import { verifyFolder } from '../../database/engine/verify/verify-folder.ts'
import { RandomValues } from '../database/engine/random-values.ts'
import { TempFolder } from './temp-folder.ts'

/** A data folder with two collections, a checkpoint, and a journal behind it. */
async function filled(folder: TempFolder): Promise<void> {
  await using database = new EmbeddedDatabase({ directory: folder.path })
  const run = (command: Record<string, unknown>) => database.command('space', command)
  await run({
    createIndexes: 'users',
    indexes: [
      { key: { name: 1, age: -1 }, name: 'n' },
      { key: { tags: 1 }, name: 'tags' },
      { key: { mail: 1 }, name: 'mail', unique: true, sparse: true },
      { key: { place: '2dsphere' }, name: 'geo' },
      { key: { age: 1 }, name: 'old', partialFilterExpression: { age: { $gt: 60 } } },
    ],
  })
  const users = Array.from({ length: 300 }, (_, at) => ({
    _id: at,
    name: `n${at % 7}`,
    age: at % 90,
    tags: [at % 3, at % 5, at % 3],
    ...(at % 2 === 0 ? { mail: `m${at}` } : {}),
  }))
  await run({ insert: 'users', documents: users })
  await run({ insert: 'orders', documents: [{ _id: 'a' }, { _id: 'b' }] })
  await (database.state.store as JournalStore).checkpoint()
  await run({
    update: 'users',
    updates: [{ q: { age: 3 }, u: { $set: { age: 70, tags: [] } }, multi: true }],
  })
  await run({ delete: 'users', deletes: [{ q: { name: 'n6' }, limit: 0 }] })
  await run({ create: 'empty' })
}

const said = (folder: TempFolder): string[] =>
  verifyFolder(folder.path).findings.map(
    ({ severity, file, collection, message }) =>
      `${severity} ${[file, collection].filter(Boolean).join(' ')}: ${message}`,
  )

describe('a data folder', () => {
  test('without a fault', async () => {
    using folder = new TempFolder()
    await filled(folder)
    const before = readdirSync(folder.path).map((name) => [name, readFileSync(folder.file(name), 'hex')])
    const report = verifyFolder(folder.path)
    expect(report.findings).toEqual([])
    expect(report.collections).toEqual([
      { database: 'space', name: 'users', documents: 258, bytes: expect.any(Number), indexes: 6 },
      { database: 'space', name: 'orders', documents: 2, bytes: expect.any(Number), indexes: 1 },
      { database: 'space', name: 'empty', documents: 0, bytes: 0, indexes: 1 },
    ])
    expect(report).toMatchObject({ commits: 3, sequence: 6 })
    expect(readdirSync(folder.path).map((name) => [name, readFileSync(folder.file(name), 'hex')])).toEqual(
      before,
    )
  })

  test('without a fault, a collection dropped since the checkpoint', async () => {
    using folder = new TempFolder()
    await filled(folder)
    {
      await using database = new EmbeddedDatabase({ directory: folder.path })
      await database.command('space', { drop: 'users' })
      await database.command('space', { insert: 'users', documents: [{ _id: 1 }] })
    }
    const { findings, collections } = verifyFolder(folder.path)
    expect(findings).toEqual([])
    expect(collections.find(({ name }) => name === 'users')).toMatchObject({ documents: 1, indexes: 1 })
  })

  test('that is empty', () => {
    using folder = new TempFolder()
    expect(verifyFolder(folder.path)).toMatchObject({ findings: [], collections: [], commits: 0 })
  })

  const damages: [name: string, damage: (folder: TempFolder) => void, said: (string | RegExp)[]][] = [
    [
      'a flipped bit in a collection file',
      (folder) => flip(folder.file('c1-2.bson'), 200),
      ['error c1-2.bson space.users: its checksum is wrong'],
    ],
    [
      'a collection file cut short',
      (folder) => truncateSync(folder.file('c1-2.bson'), 1000),
      ['error c1-2.bson space.users: it has no proper end'],
    ],
    [
      'a collection file that is gone',
      (folder) => rmSync(folder.file('c2-2.bson')),
      [/^error c2-2\.bson space\.orders: it is missing/],
    ],
    [
      'a damaged manifest; the rest is checked as far as that goes',
      (folder) => {
        flip(folder.file('manifest'), 20)
        flip(folder.file('c2-2.bson'), 10)
      },
      ['error manifest: its checksum is wrong', 'error c2-2.bson: its checksum is wrong'],
    ],
    [
      'an interrupted write at the end of the journal',
      (folder) => truncateSync(folder.file('journal-2'), statSync(folder.file('journal-2')).size - 3),
      [
        /^warning journal-2: the record is cut off at byte \d+; \d+ bytes are left: a write that was interrupted/,
      ],
    ],
    [
      'a damaged journal with another behind it',
      (folder) => {
        flip(folder.file('journal-2'), 30)
        writeFileSync(folder.file('journal-3'), '')
      },
      [/^error journal-2: the checksum is wrong at byte 0; \d+ bytes are left, and a later journal follows/],
    ],
    [
      'a journal that is missing',
      (folder) => renameSync(folder.file('journal-2'), folder.file('journal-3')),
      ['error journal-2: it is missing, while later ones are there'],
    ],
    [
      'a commit that is missing',
      (folder) => {
        const bytes = readFileSync(folder.file('journal-2'))
        writeFileSync(folder.file('journal-2'), bytes.subarray(16 + bytes.readUInt32LE(0)))
      },
      ['error journal-2: commit 4 is missing, commit 5 follows'],
    ],
    [
      'what interrupted checkpoints and earlier starts have left',
      (folder) => {
        for (const name of ['journal-1', 'c1-1.bson', 'c1-3.bson.new', 'manifest.new', 'journal-2.cut-77'])
          writeFileSync(folder.file(name), '')
      },
      [
        'note c1-1.bson: left by an interrupted checkpoint; removed at the next start',
        'note c1-3.bson.new: left by an interrupted checkpoint; removed at the next start',
        'note journal-1: left by an interrupted checkpoint; removed at the next start',
        'note journal-2.cut-77: cut off at an earlier start and kept; delete it when nothing is missing',
        'note manifest.new: left by an interrupted checkpoint; removed at the next start',
      ],
    ],
  ]
  test.each(damages)('with %s', async (_name, damage, messages) => {
    using folder = new TempFolder()
    await filled(folder)
    expect(existsSync(folder.file('c1-2.bson'))).toBe(true)
    damage(folder)
    expect(said(folder)).toEqual(
      messages.map((message) => (typeof message === 'string' ? message : expect.stringMatching(message))),
    )
  })

  test('with any one byte changed: never silent, never a crash', async () => {
    using folder = new TempFolder()
    await filled(folder)
    const random = new RandomValues(3)
    for (const name of ['manifest', 'c1-2.bson', 'c2-2.bson', 'journal-2']) {
      const whole = readFileSync(folder.file(name))
      for (let round = 0; round < 25; round++) {
        flip(folder.file(name), random.integer(whole.length))
        expect(verifyFolder(folder.path).findings.length).toBeGreaterThan(0)
        writeFileSync(folder.file(name), whole)
      }
    }
    expect(said(folder)).toEqual([])
  })
})

describe('indexes against documents', () => {
  const definitions = [
    { key: { _id: 1 }, name: '_id_' },
    { key: { n: 1 }, name: 'n' },
    { key: { u: 1 }, name: 'u', unique: true },
    { key: { tags: -1 }, name: 'tags' },
  ].map(parseIndexDefinition)

  function collection(): MemoryCollection {
    const data = new MemoryCollection(definitions)
    for (let at = 1; at <= 5; at++)
      data.apply(at, undefined, { _id: `i${at}`, n: at % 2, u: at, tags: [at, at + 1] })
    return data
  }

  function faults(data: MemoryCollection): string[] {
    const findings = new Findings()
    verifyCollection('d.c', data, findings)
    return findings.list.map(({ message }) => message)
  }

  const cases: [name: string, damage: (data: MemoryCollection) => void, messages: string[]][] = [
    ['agree', () => {}, []],
    [
      'an entry is missing',
      (data) => take(data.index('n')!, 2, data.get(2)!),
      ['document "i2" is missing in the index n'],
    ],
    [
      'an entry is missing in the _id index',
      (data) => take(data.idIndex, 2, data.get(2)!),
      ['document "i2" is missing in the index _id_'],
    ],
    [
      'one of several entries is missing',
      (data) => take(data.index('tags')!, 3, { tags: [3] }),
      ['document "i3" is missing in the index tags'],
    ],
    [
      'an entry of no document',
      (data) => put(data.index('n')!, 9, { n: 1 }),
      ['index n has an entry of record 9, which is not there'],
    ],
    [
      'an entry the document does not give',
      (data) => put(data.index('tags')!, 1, { tags: 7 }),
      ['index tags has an entry of document "i1" that the document does not give it'],
    ],
    [
      'an entry under the wrong key',
      (data) => {
        take(data.index('u')!, 4, { u: 4 })
        put(data.index('u')!, 4, { u: 44 })
      },
      [
        'document "i4" is missing in the index u',
        'index u has an entry of document "i4" that the document does not give it',
      ],
    ],
    [
      'a unique key twice',
      (data) => data.apply(6, undefined, { _id: 'i6', n: 0, u: 2 }),
      ['document "i2" and document "i6" have the same key { 2 } in the unique index u'],
    ],
    [
      'an _id twice',
      (data) => data.apply(6, undefined, { _id: 'i2', n: 0, u: 6 }),
      ['document "i2" and document "i2" have the same key { "i2" } in the unique index _id_'],
    ],
    ['no _id', (data) => data.apply(6, undefined, { n: 0, u: 6 }), ['record 6 has no _id']],
    [
      'a record number that would come again',
      (data) => {
        data.apply(900, undefined, { _id: 'late', n: 1, u: 900 })
        Object.defineProperty(data, 'nextRecord', { value: 900 })
      },
      ['the record number of document "late" would be given out again'],
    ],
  ]
  test.each(cases)('%s', (_name, damage, messages) => {
    const data = collection()
    damage(data)
    expect(faults(data)).toEqual(messages)
  })

  test('of many faults alike the first are told', () => {
    const data = collection()
    for (let record = 100; record < 150; record++) put(data.index('n')!, record, { n: 1 })
    const messages = faults(data)
    expect(messages).toHaveLength(11)
    expect(messages.at(-1)).toBe('… and 40 more of this kind')
  })
})

function put(index: Index, record: number, doc: Record<string, unknown>): void {
  index.apply(record, index.change(undefined, doc)!)
}

function take(index: Index, record: number, doc: Record<string, unknown>): void {
  index.apply(record, index.change(doc, undefined)!)
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = bytes[at]! ^ 0x10
  writeFileSync(path, bytes)
}
