import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDatabaseApi, type DatabaseProvider } from '../../../database/api/index.ts'
import { databaseProfiles } from '../../../database/api/profile.ts'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import { limitRemarks } from '../../../database/seed/provider-limits.ts'
import { type SeedFile, type SeedOptions, type SeedProblem, seedDatabase } from '../../../database/seed.ts'

/** A folder of database files and an empty database; both go away with the test. */
class SeedFolder implements AsyncDisposable {
  readonly database = new EmbeddedDatabase()
  readonly files: SeedFile[] = []
  readonly problems: SeedProblem[] = []
  readonly #dir: string

  private constructor(dir: string) {
    this.#dir = dir
  }

  static async of(contents: Record<string, string>): Promise<SeedFolder> {
    const folder = new SeedFolder(await mkdtemp(join(tmpdir(), 'seed-')))
    for (const [name, text] of Object.entries(contents)) await folder.write(name, text)
    return folder
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.#dir, name)
    await writeFile(path, text)
    if (this.files.some((file) => file.path === path)) return
    const [collection = '', kind = ''] = name.split('.')
    this.files.push({
      collection,
      kind: (name === 'db_init.json' ? 'db_init' : kind) as SeedFile['kind'],
      path,
    })
  }

  async seed(provider: DatabaseProvider = 'aliyun', more: Partial<SeedOptions> = {}) {
    this.problems.length = 0
    const { database, files } = this
    const report = (problem: SeedProblem) => this.problems.push(problem)
    return seedDatabase({ database, name: 'space', provider, files, report, ...more })
  }

  /** Problems in short: `file:line message`. */
  get remarks(): string[] {
    return this.problems.map(
      ({ path, line, message }) => `${path.slice(this.#dir.length + 1)}:${line} ${message}`,
    )
  }

  async read(collection: string, provider: DatabaseProvider = 'aliyun'): Promise<unknown[]> {
    const db = createDatabaseApi({
      database: this.database,
      name: 'space',
      provider,
      clock: { now: () => Date.now() },
      requestId: () => '',
      warn: () => {},
    })
    return ((await db.collection(collection).get()) as { data: unknown[] }).data
  }

  async indexes(collection: string): Promise<unknown[]> {
    const reply = await this.database.command('space', { listIndexes: collection })
    return (reply.cursor as { firstBatch: unknown[] }).firstBatch
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]()
    await rm(this.#dir, { recursive: true })
  }
}

const index = (name: string, field: string, more = '') =>
  `{"IndexName": "${name}", "MgoKeySchema": {"MgoIndexKeys": [{"Name": "${field}", "Direction": "1"}]${more}}}`

describe('first start (spec/database.md §14)', () => {
  it('creates collections, indexes and documents', async () => {
    await using folder = await SeedFolder.of({
      'users.schema.json': '{"bsonType": "object", /* comment */ "properties": {},}',
      'users.index.json': `[${index('name_u', 'name', ', "MgoIsUnique": true')}]`,
      'users.init_data.json': '\ufeff[{"_id": "1", "name": "Ann"}, // comment\n {"name": "Bob"},]',
      'empty.init_data.json': '[]',
    })
    const outcome = await folder.seed()
    expect(outcome.seeded).toEqual({
      users: { created: true, indexes: 1, documents: 2 },
      empty: { created: true, indexes: 0, documents: 0 },
    })
    expect(outcome.schemas.users?.schema).toEqual({ bsonType: 'object', properties: {} })
    expect(folder.remarks).toEqual([])
    expect(await folder.read('users')).toEqual([
      { _id: '1', name: 'Ann' },
      { _id: expect.stringMatching(/^[0-9a-f]{24}$/), name: 'Bob' },
    ])
    expect(await folder.indexes('users')).toContainEqual(
      expect.objectContaining({ name: 'name_u', key: { name: 1 }, unique: true }),
    )
  })

  it('leaves existing collections alone, but hands their schemas back', async () => {
    await using folder = await SeedFolder.of({
      'a.schema.json': '{"bsonType": "object"}',
      'a.init_data.json': '[{"_id": "1"}]',
    })
    await folder.seed()
    await folder.write('a.init_data.json', '[{"_id": "2"}]')
    await folder.write('a.schema.json', '{"bsonType": "object", "permission": {}}')
    const outcome = await folder.seed()
    expect(outcome.seeded).toEqual({})
    expect(outcome.schemas.a?.schema).toEqual({ bsonType: 'object', permission: {} })
    expect(await folder.read('a')).toEqual([{ _id: '1' }])
  })

  it('reads db_init.json; the files of a collection win', async () => {
    await using folder = await SeedFolder.of({
      'db_init.json': `{
        "a": {"data": [{"_id": "init"}], "index": [${index('n', 'n')}], "schema": {"bsonType": "object"}},
        "b": {}, // empty
      }`,
      'a.init_data.json': '[{"_id": "own"}]',
    })
    const outcome = await folder.seed()
    expect(outcome.seeded).toEqual({
      a: { created: true, indexes: 1, documents: 1 },
      b: { created: true, indexes: 0, documents: 0 },
    })
    expect(outcome.schemas.a?.schema).toEqual({ bsonType: 'object' })
    expect(await folder.read('a')).toEqual([{ _id: 'own' }])
  })

  it('reads special values, with the rules of the provider', async () => {
    const data = `[{
      "_id": {"$oid": "60FA6D1D2E5FAA0001ADE857"}, "date": {"$date": "2020-01-01T00:00:00Z"}, "ms": {"$date": 5},
      "iso": "2022-07-01T02:50:11.142Z", "long": {"$numberLong": "1099511627776"}, "int": {"$numberInt": "7"},
      "double": {"$numberDouble": "2.5"}, "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}
    }]`
    const common = {
      date: new Date('2020-01-01'),
      ms: new Date(5),
      long: 2 ** 40,
      int: 7,
      double: 2.5,
      regex: /^a/i,
    }
    await using aliyun = await SeedFolder.of({ 't.init_data.json': data })
    await aliyun.seed('aliyun')
    expect(await aliyun.read('t', 'aliyun')).toEqual([
      { _id: '60fa6d1d2e5faa0001ade857', iso: new Date('2022-07-01T02:50:11.142Z'), ...common },
    ])
    await using tencent = await SeedFolder.of({ 't.init_data.json': data })
    await tencent.seed('tencent')
    expect(await tencent.read('t', 'tencent')).toEqual([
      { _id: '60FA6D1D2E5FAA0001ADE857', iso: '2022-07-01T02:50:11.142Z', ...common },
    ])
  })
})

describe('problems are reported with file and line, and the rest goes on', () => {
  it('documents', async () => {
    await using folder = await SeedFolder.of({
      'a.index.json': `[${index('n_u', 'n', ', "MgoIsUnique": true')}]`,
      'a.init_data.json':
        '[\n{"_id": "1", "n": 1},\n{"_id": "1"},\n{"_id": "2", "n": 1},\n7,\n{"_id": "3", "x": {"$bad": 1}},\n{"_id": "4", "d": {"$date": "no"}},\n{"_id": "5", "n": 5}]',
    })
    await folder.seed()
    expect(folder.remarks).toEqual([
      'a.init_data.json:5 a document must be an object',
      expect.stringMatching(/^a\.init_data\.json:6 The dollar \(\$\) prefixed field '\$bad' in 'x\.\$bad'/),
      expect.stringMatching(/^a\.init_data\.json:7 .*is not a valid \$date$/),
      expect.stringMatching(/^a\.init_data\.json:3 not inserted: E11000/),
      expect.stringMatching(/^a\.init_data\.json:4 not inserted: E11000.*n_u/),
    ])
    expect(await folder.read('a')).toEqual([
      { _id: '1', n: 1 },
      { _id: '5', n: 5 },
    ])
  })

  it('indexes', async () => {
    await using folder = await SeedFolder.of({
      'a.index.json': `[
        ${index('s', 's', ', "MgoIsSparse": true')},
        {"IndexName": "x"},
        {"IndexName": "y", "MgoKeySchema": {"MgoIndexKeys": [{"Name": "y", "Direction": "up"}]}},
        {"IndexName": "_id_", "MgoKeySchema": {"MgoIndexKeys": [{"Name": "_id", "Direction": "1"}]}},
        {"MgoKeySchema": {"MgoIndexKeys": [{"Name": "g", "Direction": "2dsphere"}, {"Name": "n", "Direction": -1}]}}
      ]`,
    })
    await folder.seed('alipay')
    expect(folder.remarks).toEqual([
      expect.stringMatching(/^a\.index\.json:2 s: MgoIsSparse is ignored/),
      'a.index.json:3 an index needs IndexName and MgoKeySchema',
      'a.index.json:4 y: Direction must be "1", "-1" or "2dsphere", not "up"',
    ])
    expect(await folder.indexes('a')).toEqual([
      expect.objectContaining({ name: '_id_' }),
      expect.objectContaining({ name: 's', key: { s: 1 } }),
      expect.objectContaining({ name: 'g_2dsphere_n_-1', key: { g: '2dsphere', n: -1 } }),
    ])
  })

  it('files that are no JSON', async () => {
    await using folder = await SeedFolder.of({
      'a.init_data.json': '[\n  {"_id": "1"}\n  {"_id": "2"}\n]',
      'a.schema.json': '[]',
      'b.index.json': '{}',
    })
    const outcome = await folder.seed()
    expect(folder.remarks).toEqual([
      'a.schema.json:1 the schema must be an object',
      'a.init_data.json:3 not JSON: comma expected',
      'b.index.json:1 must be an array of indexes',
    ])
    expect(Object.keys(outcome.seeded)).toEqual(['a', 'b'])
  })
})

it('an explicit re-initialisation adds what is new', async () => {
  await using folder = await SeedFolder.of({ 'a.init_data.json': '[{"_id": "1", "n": 1}, {"n": 1}]' })
  await folder.seed()
  await folder.write('a.index.json', `[${index('n_u', 'n', ', "MgoIsUnique": true')},${index('m', 'm')}]`)
  const outcome = await folder.seed('aliyun', { collections: 'all' })
  expect(outcome.seeded).toEqual({ a: { created: false, indexes: 1, documents: 1, skipped: 1 } })
  expect(folder.remarks).toEqual([
    expect.stringMatching(/^a\.index\.json:1 index n_u is not created: E11000/),
  ])
  expect(await folder.read('a')).toHaveLength(3)
})

it('a re-initialisation passes over what a unique key says is there', async () => {
  await using folder = await SeedFolder.of({
    'a.index.json': `[${index('n_u', 'n', ', "MgoIsUnique": true')}]`,
    'a.init_data.json': '[{"n": 1}, {"n": 2}]',
  })
  await folder.seed()
  expect((await folder.seed('aliyun', { collections: 'all' })).seeded).toEqual({
    a: { created: false, indexes: 0, documents: 0, skipped: 2 },
  })
  expect(folder.remarks).toEqual([])
})

it('can be kept to some collections, and to everything but data', async () => {
  await using folder = await SeedFolder.of({
    'a.init_data.json': '[{"_id": "1"}]',
    'a.index.json': `[${index('n', 'n')}]`,
    'b.init_data.json': '[{"_id": "1"}]',
  })
  expect((await folder.seed('aliyun', { only: ['a'], data: false })).seeded).toEqual({
    a: { created: true, indexes: 1, documents: 0 },
  })
  expect((await folder.seed()).seeded).toEqual({ b: { created: true, indexes: 0, documents: 1 } })
})

describe('more than the provider takes', () => {
  const index = (n: number) =>
    `{"IndexName":"i${n}","MgoKeySchema":{"MgoIndexKeys":[{"Name":"f${n}","Direction":"1"}],"MgoIsUnique":false}}`
  const many = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, { data: [] }])))
  const cases: [provider: DatabaseProvider, collections: number, indexes: number, remarks: string[]][] = [
    ['aliyun', 99, 21, []],
    ['aliyun', 100, 0, ['the space has 101 collections; online at most 100 are allowed']],
    ['tencent', 101, 21, ['users has 21 indexes; online at most 20 are allowed']],
    ['alipay', 1, 20, []],
    ['dcloud', 101, 21, []],
  ]
  it.each(cases)('%s, %i collections, %i indexes', async (provider, collections, indexes, remarks) => {
    await using folder = await SeedFolder.of({
      'db_init.json': many(collections),
      'users.index.json': `[${Array.from({ length: indexes }, (_, n) => index(n)).join()}]`,
    })
    expect(limitRemarks(await folder.seed(provider), databaseProfiles[provider])).toEqual(remarks)
    expect(limitRemarks(await folder.seed(provider), databaseProfiles[provider])).toEqual([])
  })
})
