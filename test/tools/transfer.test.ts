import { readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { serialize } from 'bson'
import { describe, expect, test } from 'vitest'
import type { DatabaseProvider } from '../../database/api/profile.ts'
import type { Command, DocumentDatabase } from '../../database/command.ts'
import { DriverDatabase } from '../../database/driver/driver-database.ts'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { batches } from '../../database/tools/collections.ts'
import { type ExportOptions, exportText, writeExport } from '../../database/tools/export.ts'
import {
  type ImportOptions,
  type ImportProblem,
  importFile,
  newImportCount,
  prepareCollection,
} from '../../database/tools/import.ts'
import { startWireServer } from '../../database/wire/wire-server.ts'
import { everyType } from './every-type.ts'
import { TempFolder } from './temp-folder.ts'

type Doc = Record<string, unknown>

/** A database with a folder for files beside it. */
class Bench implements AsyncDisposable {
  readonly database = new EmbeddedDatabase()
  readonly folder = new TempFolder()
  readonly name = 'space'

  async insert(collection: string, documents: Doc[]): Promise<void> {
    await this.database.command(this.name, { insert: collection, documents })
  }

  async text(options: Partial<ExportOptions> = {}): Promise<string> {
    let text = ''
    for await (const part of exportText({ ...this, collection: 'c', ...options })) text += part
    return text
  }

  async documents(collection = 'c'): Promise<Doc[]> {
    const documents: Doc[] = []
    for await (const document of batches(this.database, this.name, { find: collection })) {
      documents.push(document)
    }
    return documents
  }

  /** Imports a text and gives what was counted and said. */
  async import(contents: string | Uint8Array, options: Partial<ImportOptions> = {}) {
    const problems: ImportProblem[] = []
    const count = newImportCount()
    const file = { path: this.folder.write('import', contents) }
    const error: unknown = await importFile({
      database: this.database,
      name: this.name,
      collection: 'c',
      provider: 'aliyun',
      file,
      count,
      report: (problem) => problems.push(problem),
      ...options,
    }).catch((failure: unknown) => failure)
    const said = problems.map(
      ({ severity, line, column, message }) =>
        `${severity} ${line}${column === undefined ? '' : `:${column}`} ${message}`,
    )
    return { count, said, error }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]()
    this.folder[Symbol.dispose]()
  }
}

function bytes(document: Doc): string {
  return Buffer.from(serialize(document)).toString('hex')
}

const many = (count: number, more: (at: number) => Doc = () => ({})): Doc[] =>
  Array.from({ length: count }, (_, at) => ({ _id: at, ...more(at) }))

describe('export and import', () => {
  const ways: [name: string, how: Partial<ExportOptions>, rules: Partial<ImportOptions>][] = [
    ['the default on aliyun', {}, {}],
    ['canonical', { canonical: true }, {}],
    ['an array', { format: 'json' }, {}],
    ['exact', {}, { exact: true }],
    ['exact, other provider', {}, { exact: true, provider: 'tencent' }],
  ]
  test.each(ways)('give back every type: %s', async (_name, how, rules) => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 'all', ...everyType() }, { _id: 'second' }])
    const before = await bench.documents()
    const text = await bench.text(how)
    await bench.database.command('space', { drop: 'c' })
    const { count, said } = await bench.import(text, rules)
    expect(said.filter((line) => line.startsWith('error'))).toEqual([])
    expect(count).toMatchObject({ read: 2, inserted: 2, failed: 0 })
    expect((await bench.documents()).map(bytes)).toEqual(before.map(bytes))
  })

  test('are the same over the wire', async () => {
    await using bench = new Bench()
    const server = await startWireServer(bench.database, { port: 0 })
    await using driver = await DriverDatabase.connect(server.uris[0]!)
    await bench.insert('c', [{ _id: 'all', ...everyType() }, ...many(500)])
    const text = await bench.text()
    expect(await bench.text({ database: driver })).toBe(text)
    for (const mode of ['insert', 'upsert'] as const) {
      await bench.database.command('space', { drop: 'c' })
      const { count } = await bench.import(text, { database: driver, mode })
      expect(count).toMatchObject({ read: 501, inserted: 501, failed: 0 })
      expect(await bench.text()).toBe(text)
    }
    const faults = await bench.import('{"_id":1}\n{"_id":"new"}\n{"_id":2}', { database: driver })
    expect(faults.said).toEqual([
      expect.stringMatching(/^error 1 E11000/),
      expect.stringMatching(/^error 3 E11000/),
    ])
    await driver[Symbol.asyncDispose]()
    await server.close()
  })

  test('give back ids of every kind, in order', async () => {
    await using bench = new Bench()
    const { id, uuid, date, long, wholeDouble, decimal, object, bytes: binary, timestamp, yes } = everyType()
    const documents = [
      7,
      'x',
      id,
      uuid,
      date,
      long,
      wholeDouble,
      decimal,
      object,
      binary,
      timestamp,
      yes,
      null,
    ]
    await bench.insert(
      'c',
      documents.filter((value) => value !== long && value !== wholeDouble).map((_id) => ({ _id })),
    )
    const before = await bench.documents()
    const text = await bench.text()
    for (const mode of ['insert', 'upsert'] as const) {
      await bench.database.command('space', { drop: 'c' })
      expect(await bench.import(text, { exact: true, mode })).toMatchObject({ said: [] })
      expect((await bench.documents()).map(bytes)).toEqual(before.map(bytes))
    }
    expect(await bench.import(text, { exact: true, mode: 'upsert' })).toMatchObject({
      count: { inserted: 0, replaced: 0, unchanged: before.length, failed: 0 },
    })
  })
})

describe('export', () => {
  const documents = many(5, (at) => ({ n: at, tag: at % 2 === 0 ? 'even' : 'odd' }))
  const cases: [name: string, options: Partial<ExportOptions>, lines: string[]][] = [
    [
      'a filter',
      { filter: { tag: 'even' }, fields: ['n'] },
      ['{"_id":0,"n":0}', '{"_id":2,"n":2}', '{"_id":4,"n":4}'],
    ],
    [
      'sort and limit',
      { sort: { n: -1 }, limit: 2, fields: ['tag'] },
      ['{"_id":4,"tag":"even"}', '{"_id":3,"tag":"odd"}'],
    ],
    ['no ids', { ids: false, limit: 1 }, ['{"n":0,"tag":"even"}']],
    ['no ids, some fields', { ids: false, limit: 1, fields: ['n'] }, ['{"n":0}']],
    [
      'canonical',
      { canonical: true, limit: 1, fields: ['n'] },
      ['{"_id":{"$numberInt":"0"},"n":{"$numberInt":"0"}}'],
    ],
  ]
  test.each(cases)('%s', async (_name, options, lines) => {
    await using bench = new Bench()
    await bench.insert('c', documents)
    expect(await bench.text(options)).toBe(`${lines.join('\n')}\n`)
  })

  test('an array, and an empty one', async () => {
    await using bench = new Bench()
    expect(await bench.text({ format: 'json' })).toBe('[]\n')
    expect(await bench.text()).toBe('')
    await bench.insert('c', many(2))
    expect(await bench.text({ format: 'json' })).toBe('[\n{"_id":0},\n{"_id":1}\n]\n')
  })

  test('asks for small batches of large documents, and closes the cursor when nobody reads on', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      many(300, () => ({ text: 'x'.repeat(40_000) })),
    )
    const sent: Command[] = []
    const database: DocumentDatabase = spy(bench.database, sent)
    for await (const _ of exportText({ database, name: 'space', collection: 'c' }))
      if (sent.length === 2) break
    expect(sent.map((command) => Object.keys(command)[0])).toEqual(['find', 'getMore', 'killCursors'])
    expect(sent[0]!.batchSize).toBe(100)
    expect(sent[1]!.batchSize).toBeGreaterThan(80)
    expect(sent[1]!.batchSize).toBeLessThan(110)
  })

  test('tells progress and documents that cannot be told from Extended JSON', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, a: { $oid: 'x' } }, ...many(10).slice(2)])
    const seen: unknown[] = []
    await bench.text({
      onAmbiguous: (id, path) => seen.push([id, path]),
      onProgress: ({ documents: count }) => seen.push(count),
    })
    expect(seen).toEqual([[1, 'a'], 9])
  })

  test('a file is there when it is whole, or not at all', async () => {
    await using bench = new Bench()
    await bench.insert('c', many(3))
    const path = bench.folder.file('c.jsonl.gz')
    await writeExport(exportText({ ...bench, collection: 'c' }), path, { gzip: true })
    expect(gunzipSync(readFileSync(path)).toString()).toBe(await bench.text())
    const abort = new AbortController()
    abort.abort(new Error('enough'))
    const cut = exportText({ ...bench, collection: 'c', signal: abort.signal })
    await expect(writeExport(cut, bench.folder.file('d.jsonl'))).rejects.toThrow('enough')
    await expect(writeExport(cut, bench.folder.file('no', 'd.jsonl'))).rejects.toThrow(
      /cannot be written: ENOENT/,
    )
    expect(readdirSync(bench.folder.path)).toEqual(['c.jsonl.gz'])
  })
})

describe('import', () => {
  test('uniCloud rules: ids and dates as the provider has them', async () => {
    const text =
      '{"_id":{"$oid":"60FA6D1D2E5FAA0001ADE857"},"ref":"60fa6d1d2e5faa0001ade857","iso":"2022-07-01T02:50:11.142Z","at":1700000000000}\n{"n":1}'
    const kinds = async (provider: DatabaseProvider, exact = false) => {
      await using bench = new Bench()
      expect(await bench.import(text, { provider, exact })).toMatchObject({
        said: [],
        count: { inserted: 2 },
      })
      const reply = await bench.database.command('space', {
        aggregate: 'c',
        cursor: {},
        pipeline: [
          {
            $project: {
              _id: { $type: '$_id' },
              ref: { $type: '$ref' },
              iso: { $type: '$iso' },
              at: { $type: '$at' },
              length: { $strLenCP: { $toString: '$_id' } },
            },
          },
        ],
      })
      return (reply.cursor as { firstBatch: Doc[] }).firstBatch
    }
    const [id, string] = ['objectId', 'string']
    expect(await kinds('aliyun')).toMatchObject([{ _id: id, ref: id, iso: 'date', at: 'long' }, { _id: id }])
    expect(await kinds('tencent')).toMatchObject([
      { _id: string, ref: string, iso: string, at: 'long' },
      { _id: string, length: 32 },
    ])
    expect(await kinds('alipay')).toMatchObject([{ _id: string }, { _id: string, length: 24 }])
    expect(await kinds('tencent', true)).toMatchObject([
      { _id: id, ref: string, iso: string, at: 'long' },
      { _id: id },
    ])
  })

  test('upsert replaces what is there', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 'a', n: 1, old: true },
      { _id: 'b', n: 1 },
    ])
    const text = '{"_id":"a","n":2}\n{"_id":"b","n":1}\n{"_id":"d"}\n{"n":5}'
    expect(await bench.import(text, { mode: 'upsert', provider: 'tencent' })).toMatchObject({
      said: [],
      count: { read: 4, inserted: 2, replaced: 1, unchanged: 1, failed: 0 },
    })
    expect((await bench.documents()).slice(0, 3)).toEqual([
      { _id: 'a', n: 2 },
      { _id: 'b', n: 1 },
      { _id: 'd' },
    ])
  })

  const bad = [
    '{"_id":"1","n":1}',
    '{"_id":"2","n":}',
    '',
    '[1]',
    '{"_id":"1"}',
    '{"_id":"3","n":1}',
    '{"_id":"4","d":{"$date":"no"}}',
    '{"_id":"5","x":{"$set":1}}',
    `{"_id":"6","n":"${'x'.repeat(1025)}"}`,
    '{"_id":["7"]}',
    '{"_id":"8","n":8,"a.b":1}',
  ].join('\n')

  test('what is wrong is told with its line, and the rest goes on', async () => {
    await using bench = new Bench()
    await bench.database.command('space', {
      createIndexes: 'c',
      indexes: [{ key: { n: 1 }, name: 'n_u', unique: true }],
    })
    const { count, said } = await bench.import(bad)
    expect(said).toEqual([
      "error 2:16 '}' is no JSON value",
      'error 4 a document must be an object',
      'error 7:16 {"$date":"no"} is not a valid $date',
      expect.stringMatching(/^error 8 The dollar \(\$\) prefixed field '\$set' in 'x\.\$set'/),
      expect.stringMatching(/^error 9 key too large to index, failing n_u/),
      'error 10 add: _id必须为字符串或数字',
      expect.stringMatching(/^warning 11 the member 'a\.b' is stored under a name with a dot/),
      expect.stringMatching(/^error 5 E11000 duplicate key error collection: space\.c index: _id_/),
      expect.stringMatching(/^error 6 E11000 .*index: n_u/),
    ])
    expect(count).toEqual({ read: 10, inserted: 2, replaced: 0, unchanged: 0, failed: 8 })
    expect((await bench.documents()).map(({ _id }) => _id)).toEqual(['1', '8'])
  })

  const stops: [name: string, text: string, said: RegExp, ids: string[]][] = [
    ['a text that is no JSON', bad, /^error 2:16/, ['1']],
    [
      'a document the database refuses',
      '{"_id":"1"}\n{"_id":"1"}\n{"_id":"2"}\n{"_id":',
      /^error 2 E11000/,
      ['1'],
    ],
    ['the refusal before the bad text', '{"_id":"1"}\n{"_id":"1"}\n{"_id":', /^error 2 E11000/, ['1']],
  ]
  test.each(stops)('stops at the first fault when asked to: %s', async (_name, text, first, ids) => {
    await using bench = new Bench()
    const { count, said } = await bench.import(text, { stopOnError: true })
    expect(said).toEqual([expect.stringMatching(first)])
    expect(count.failed).toBe(1)
    expect((await bench.documents()).map(({ _id }) => _id)).toEqual(ids)
  })

  const files: [name: string, contents: string | Uint8Array, inserted: number, error: unknown][] = [
    ['gzip, by its content', gzipSync('{"_id":1}\n{"_id":2}'), 2, undefined],
    ['two gzip files in one', Buffer.concat([gzipSync('{"_id":1}\n'), gzipSync('{"_id":2}')]), 2, undefined],
    ['an array with comments', '// c\n[{"_id":1}, /* x */\n{"_id":2},]', 2, undefined],
    ['an empty file', '', 0, undefined],
    ['one byte', ' ', 0, undefined],
    ['a cut gzip file', gzipSync('{"_id":1}\n').subarray(0, 20), 1, /gzip file is damaged or cut off/],
    ['an array that is cut off', '[{"_id":1},\n{"_id":2}', 2, /ends before the array's '\]'/],
    ['UTF-16', Buffer.from('\ufeff{"_id":1}', 'utf16le'), 0, /UTF-16; save the file as UTF-8/],
    ['Latin-1', Buffer.from('{"_id":1}\n{"_id":"\xe4"}', 'latin1'), 0, /not UTF-8/],
  ]
  test.each(files)('reads %s', async (_name, contents, inserted, error) => {
    await using bench = new Bench()
    const outcome = await bench.import(contents)
    expect(outcome.count.inserted).toBe(inserted)
    if (error === undefined) expect(outcome.error).toBe(undefined)
    else
      expect(outcome.error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(error as RegExp) })
    if (_name === 'Latin-1') expect(outcome.error).toMatchObject({ where: { line: 2 } })
  })

  test('sends documents in batches, by number and by size', async () => {
    await using bench = new Bench()
    const sent: Command[] = []
    const sizes = async (text: string) => {
      sent.length = 0
      await bench.import(text, { database: spy(bench.database, sent), mode: 'upsert' })
      return sent.flatMap(({ updates }) => (updates ? [(updates as unknown[]).length] : []))
    }
    expect(
      await sizes(
        many(2500)
          .map((doc) => JSON.stringify(doc))
          .join('\n'),
      ),
    ).toEqual([1000, 1000, 500])
    const large = many(7, () => ({ text: 'x'.repeat(1_500_000) }))
    expect(await sizes(large.map((doc) => JSON.stringify(doc)).join('\n'))).toEqual([3, 3, 1])
  })

  test('a document above 16 MB is told, its neighbours are imported', async () => {
    await using bench = new Bench()
    const { said, count } = await bench.import(
      `{"_id":1}\n{"_id":2,"text":"${'x'.repeat(16 * 1024 * 1024)}"}\n{"_id":3}`,
    )
    expect(said).toEqual([
      expect.stringMatching(/^error 2 the document has 16777\d+ bytes, at most 16777216/),
    ])
    expect(count.inserted).toBe(2)
  })

  test('ends also while it waits for more to read', async () => {
    await using bench = new Bench()
    const abort = new AbortController()
    const { stdin } = process
    const silent = new Readable({ read() {} })
    silent.push('{"_id":1}\n{"_id":2}')
    Object.defineProperty(process, 'stdin', { value: silent, configurable: true })
    try {
      setTimeout(() => abort.abort(new Error('enough')), 50)
      const { count, error } = await bench.import('', { file: { path: '-' }, signal: abort.signal })
      expect(error).toMatchObject({ message: 'enough' })
      expect(count).toMatchObject({ read: 2, inserted: 2 })
    } finally {
      Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
    }
  })

  test('ends between batches when it is told to', async () => {
    await using bench = new Bench()
    const abort = new AbortController()
    const text = many(3000)
      .map((doc) => JSON.stringify(doc))
      .join('\n')
    const { count, error } = await bench.import(text, {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    })
    expect(error).toMatchObject({ message: 'enough' })
    expect(count.inserted).toBe(1000)
  })
})

describe('preparing a collection', () => {
  test('a new one gets the indexes its project declares, and no data', async () => {
    await using bench = new Bench()
    const index = '[{"IndexName":"n","MgoKeySchema":{"MgoIndexKeys":[{"Name":"n","Direction":"1"}]}}]'
    const files = [
      { collection: 'c', kind: 'index' as const, path: bench.folder.write('c.index.json', index) },
      {
        collection: 'c',
        kind: 'init_data' as const,
        path: bench.folder.write('c.init_data.json', '[{"_id":"1"}]'),
      },
    ]
    const prepare = (collection: string, drop = false) =>
      prepareCollection({ ...bench, collection, provider: 'aliyun', files, report: () => {}, drop })
    expect(await prepare('c')).toEqual({ created: true, indexes: 1, removed: 0 })
    expect(await prepare('other')).toEqual({ created: true, indexes: 0, removed: 0 })
    await bench.insert('c', many(3))
    expect(await prepare('c')).toEqual({ created: false, indexes: 0, removed: 0 })
    expect(await prepare('c', true)).toEqual({ created: false, indexes: 0, removed: 3 })
    const indexes = await bench.database.command('space', { listIndexes: 'c' })
    expect((indexes.cursor as { firstBatch: Doc[] }).firstBatch).toHaveLength(2)
  })
})

/** The same database, whose commands are noted. */
function spy(database: EmbeddedDatabase, sent: Command[]): DocumentDatabase {
  return {
    kind: 'embedded',
    command: (name, command, options) => {
      sent.push(command)
      return database.command(name, command, options)
    },
    startSession: () => database.startSession(),
    describe: () => database.describe(),
    [Symbol.asyncDispose]: async () => {},
  }
}
