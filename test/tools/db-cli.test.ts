import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import { type CliResult, cli, dev } from '../cli/run-cli.ts'
import { TempFolder } from './temp-folder.ts'

const index = (name: string, field: string, unique: boolean) =>
  `{"IndexName":"${name}","MgoKeySchema":{"MgoIndexKeys":[{"Name":"${field}","Direction":"1"}],"MgoIsUnique":${unique}}}`

/** A project with a function, two collections, and the commands run in it. */
class Project extends TempFolder {
  readonly data = this.file('.unicloud-local', 'database')

  constructor() {
    super()
    mkdirSync(this.file('uniCloud-aliyun', 'database'), { recursive: true })
    mkdirSync(this.file('uniCloud-aliyun', 'cloudfunctions', 'count'), { recursive: true })
    this.write(
      'uniCloud-aliyun/cloudfunctions/count/index.js',
      "exports.main = async () => uniCloud.database().collection('users').count()",
    )
    this.write('uniCloud-aliyun/database/users.index.json', `[${index('mail_u', 'mail', true)}]`)
    this.write('uniCloud-aliyun/database/users.init_data.json', '[{"_id":"ann","mail":"a@x"},{"mail":"b@x"}]')
    this.write('uniCloud-aliyun/database/orders.init_data.json', '[]')
  }

  run(...args: string[]): Promise<CliResult> {
    return cli(['db', ...args], { cwd: this.path })
  }

  /** Runs a command that must succeed. @returns what it wrote to the standard output */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}`)
    return stdout
  }

  /** Without what ships with us, so that only the project's own collections are there. */
  static quiet(): Project {
    const project = new Project()
    project.write('unicloud-local.config.json', '{"builtins":false}')
    return project
  }
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

describe('help', () => {
  test.each(['', 'import', 'snapshot'])('db %s --help', async (name) => {
    const { code, stdout } = await cli(['db', ...(name ? [name] : []), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: unicloud-local db${name ? ` ${name}` : ''}`)
  })
})

describe('init and reset', () => {
  test('init tells what it did and what it passed over', async () => {
    using project = Project.quiet()
    expect(lines(await project.ok('init'))).toEqual([
      'orders  created  0 indexes, 0 documents',
      'users   created  1 index, 2 documents',
    ])
    project.write('uniCloud-aliyun/database/orders.index.json', `[${index('n', 'n', false)}]`)
    expect(lines(await project.ok('init'))).toEqual([
      'orders  was there  1 index added, 0 documents added',
      'users   was there  0 indexes added, 0 documents added, 2 skipped, already there',
    ])
    expect(JSON.parse(await project.ok('init', 'users', '--json'))).toEqual({
      users: { created: false, indexes: 0, documents: 0, skipped: 2 },
    })
    expect(await project.run('init', 'user')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no collection user'),
    })
  })

  test('what is wrong in a file is told with its line, and the exit code', async () => {
    using project = Project.quiet()
    project.write(
      'uniCloud-aliyun/database/users.init_data.json',
      '[\n{"_id":"1"},\n{"_id":"1"},\n{"_id":"2","mail":"m"}]',
    )
    const { code, stdout, stderr } = await project.run('init')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error not inserted: E11000 .* \(uniCloud-aliyun\/database\/users\.init_data\.json:3:1\)$/m,
    )
    expect(stdout).toContain('users   created  1 index, 2 documents')
  })

  test('reset asks first, and makes everything anew', async () => {
    using project = Project.quiet()
    await project.ok('init')
    await project.ok('import', project.write('users.jsonl', '{"_id":"c"}'))
    await project.ok('import', project.write('strays.jsonl', '{"_id":"c"}'))
    expect(await project.run('reset')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Drop 3 collections with 4 documents in .*--yes answers it/s),
    })
    expect(lines(await project.ok('reset', 'users', '--yes'))).toEqual([
      'users  dropped (3 documents), made anew  1 index, 2 documents',
    ])
    expect(lines(await project.ok('reset', '--yes'))).toEqual([
      'orders  dropped (0 documents), made anew  0 indexes, 0 documents',
      'strays  dropped (1 document)',
      'users   dropped (2 documents), made anew  1 index, 2 documents',
    ])
    expect((await project.run('reset', 'nobody', '--yes')).code).toBe(2)
    expect(lines(await project.ok('export', 'users'))).toHaveLength(2)
  })

  test.each(['init', 'reset'])(
    '%s of a misspelt collection changes nothing, also beside a db_init.json',
    async (command) => {
      using project = Project.quiet()
      project.write('uniCloud-aliyun/database/db_init.json', '{ "legacy": { "data": [{ "_id": "1" }] } }')
      await project.ok('init')
      await project.ok('import', project.write('users.jsonl', '{"_id":"c"}'))
      project.write('uniCloud-aliyun/database/users.init_data.json', '[{"_id":"new"}]')
      expect(
        await project.run(command, 'users', 'lagacy', ...(command === 'reset' ? ['--yes'] : [])),
      ).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/there is no collection lagacy\n {2}there are: legacy, orders, users/),
      })
      expect(lines(await project.ok('export', 'users'))).toHaveLength(3)
    },
  )

  test('a first start that meets a broken file says how to bring in what it holds once it is mended', async () => {
    using project = Project.quiet()
    project.write('uniCloud-aliyun/database/orders.init_data.json', '[\n{"a":1}\n{"a":2}]')
    project.write('uniCloud-aliyun/database/users.init_data.json', '[{"mail":"m"},{"mail":"m"}]')
    const { stderr } = await cli(['run', 'count'], { cwd: project.path })
    expect(stderr).toContain('not JSON: comma expected (uniCloud-aliyun/database/orders.init_data.json:3)')
    expect(stderr).toContain('once its files are mended: unicloud-local db reset orders')
    expect(stderr).toContain('once its files are mended: unicloud-local db reset users')
    project.write('uniCloud-aliyun/database/orders.init_data.json', '[{"a":1},{"a":2}]')
    await project.ok('reset', 'orders', '--yes')
    expect(lines(await project.ok('export', 'orders'))).toHaveLength(2)
  })

  test('a database that cannot be opened is set aside', async () => {
    using project = Project.quiet()
    await project.ok('init')
    await project.ok('snapshot', 'save', 'a')
    await project.ok('snapshot', 'restore', 'a')
    writeFileSync(`${project.data}/manifest`, 'rubbish')
    expect(await project.run('export', 'users')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/manifest is damaged: its checksum is wrong/),
    })
    expect((await project.run('reset')).code).toBe(2)
    expect((await project.run('reset', 'users', '--yes')).code).toBe(2)
    const { code, stderr } = await project.run('reset', '--yes')
    expect(code).toBe(0)
    const [kept = ''] = /database\.damaged-\S+/.exec(stderr) ?? []
    expect(readFileSync(project.file('.unicloud-local', kept, 'manifest'), 'utf8')).toBe('rubbish')
    expect(lines(await project.ok('export', 'users'))).toHaveLength(2)
  })
})

describe('export and import', () => {
  test('one collection to the standard output, several into a folder, and back', async () => {
    using project = Project.quiet()
    await project.ok('init')
    const users = await project.ok('export', 'users')
    expect(users).toMatch(
      /^\{"_id":"ann","mail":"a@x"\}\n\{"_id":\{"\$oid":"[0-9a-f]{24}"\},"mail":"b@x"\}\n$/,
    )
    expect(await project.run('export')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name one of orders, users, or a folder with --out DIR'),
    })
    await project.ok('export', '--out', 'dump', '--indexes')
    expect(readdirSync(project.file('dump')).sort()).toEqual([
      'orders.index.json',
      'orders.jsonl',
      'users.index.json',
      'users.jsonl',
    ])
    expect(project.read('dump', 'users.jsonl')).toBe(users)
    expect(JSON.parse(project.read('dump', 'users.index.json'))).toEqual([
      JSON.parse(index('mail_u', 'mail', true)),
    ])
    // Into a space that knows nothing of them.
    const elsewhere = ['--data', project.file('other'), '--project', project.file('other')]
    expect(lines(await project.ok('import', 'dump', ...elsewhere))).toEqual([
      'orders: 0 documents read from dump/orders.jsonl: 0 inserted',
      'users: 2 documents read from dump/users.jsonl: 2 inserted',
    ])
    expect(await project.ok('export', 'users', ...elsewhere)).toBe(users)
    const check = await project.ok('check', ...elsewhere)
    expect(check).toMatch(/local-space\.users +2 documents +\d+ bytes +2 indexes/)
  })

  test('files: formats, gzip, no ids, canonical', async () => {
    using project = Project.quiet()
    await project.ok('init')
    await project.ok(
      'export',
      'users',
      '--out',
      'u.json.gz',
      '--format',
      'json',
      '--fields',
      'mail',
      '--canonical',
    )
    expect(JSON.parse(gunzipSync(readFileSync(project.file('u.json.gz'))).toString())).toMatchObject([
      { _id: 'ann', mail: 'a@x' },
      { mail: 'b@x' },
    ])
    await project.ok(
      'export',
      'users',
      '--out',
      'u.jsonl',
      '--no-ids',
      '--sort',
      '{"mail":-1}',
      '--limit',
      '1',
    )
    expect(project.read('u.jsonl')).toBe('{"mail":"b@x"}\n')
    await project.ok('export', '--out', 'packed/', '--gzip')
    expect(readdirSync(project.file('packed')).sort()).toEqual(['orders.jsonl.gz', 'users.jsonl.gz'])
    expect(await project.ok('import', 'packed', '--mode', 'upsert')).toContain('0 inserted, 2 unchanged')
  })

  test('a query follows the rules of where()', async () => {
    using project = Project.quiet()
    const id = '60fa6d1d2e5faa0001ade857'
    await project.ok(
      'import',
      project.write('c.jsonl', `{"_id":{"$oid":"${id}"},"at":{"$date":"2026-01-01T00:00:00Z"}}\n{"_id":"x"}`),
    )
    for (const query of [
      `{"_id":"${id}","at":"2026-01-01T00:00:00.000Z"}`,
      `{"_id":{"$oid":"${id}"},"at":{"$gte":{"$date":"2025-12-31T00:00:00Z"}}}`,
    ]) {
      expect(lines(await project.ok('export', 'c', '--query', query))).toHaveLength(1)
    }
    for (const [flag, value, message] of [
      ['--query', '{a:1}', '--query is no JSON'],
      ['--query', '[1]', '--query must be an object'],
      ['--limit', '0', 'a whole number from 1 is allowed'],
    ] as const) {
      expect(await project.run('export', 'c', flag, value)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message),
      })
    }
  })

  test.each([
    ['a filter', ['export', 'users', '--query', '{"$foo":1}'], /^error unknown top level operator: \$foo/],
    ['an order', ['export', 'users', '--sort', '{"a":"x"}'], /^error Illegal key in \$sort specification/],
    ['a name', ['import', 'users.jsonl', '--collection', '$x'], /^error Invalid namespace/],
  ])('%s that the database refuses is no breakdown', async (_what, args, text) => {
    using project = Project.quiet()
    await project.ok('init')
    project.write('users.jsonl', '{"_id":"c"}')
    expect(await project.run(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(text) })
  })

  test('problems have file and line; counts come at the end', async () => {
    using project = Project.quiet()
    await project.ok('init')
    const file = project.write(
      'users.jsonl',
      '{"_id":"ann"}\n{"_id":"c","mail":}\n{"_id":"d","mail":"d@x"}\n',
    )
    const { code, stdout, stderr } = await project.run('import', file)
    expect(code).toBe(1)
    expect(lines(stderr)).toEqual([
      "error '}' is no JSON value (users.jsonl:2:19)",
      expect.stringMatching(/^error E11000 .*index: _id_.* \(users\.jsonl:1\)$/),
      expect.stringMatching(/^1 document had an _id that is there already: --mode upsert replaces/),
    ])
    expect(lines(stdout)).toEqual(['users: 3 documents read from users.jsonl: 1 inserted, 2 failed'])
    const stopped = await project.run('import', file, '--stop-on-error', '--json')
    expect(stopped.code).toBe(1)
    expect(JSON.parse(stopped.stdout)).toMatchObject([
      { collection: 'users', count: { inserted: 0, failed: 1 } },
    ])
    const many = project.write('m.jsonl', 'x\n'.repeat(30))
    expect(lines((await project.run('import', many)).stderr)).toHaveLength(21)
    expect(lines((await project.run('import', many, '--verbose')).stderr)).toHaveLength(30)
  })

  test('from the standard input; what cannot be guessed is asked for', async () => {
    using project = Project.quiet()
    const piped = await cli(['db', 'import', '-', '--collection', 'c'], {
      cwd: project.path,
      stdin: '[{"_id":"1"}]',
    })
    expect(piped).toMatchObject({ code: 0, stdout: 'c: 1 document read from standard input: 1 inserted\n' })
    for (const [args, message] of [
      [['-'], 'which collection is the standard input for?'],
      [[project.write('data.txt', '')], 'which collection is'],
      [['none.jsonl'], 'there is no file'],
      [[project.write('users.index.json', '[]')], 'describes indexes'],
      [['uniCloud-aliyun'], 'holds no files of documents'],
    ] as const) {
      expect(await project.run('import', ...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message),
      })
    }
  })

  test('nothing is emptied for a file that is not there', async () => {
    using project = Project.quiet()
    await project.ok('init')
    const { code, stderr } = await project.run('import', 'none.jsonl', '--collection', 'users', '--drop')
    expect(code).toBe(2)
    expect(stderr).toContain('there is no file none.jsonl')
    expect(lines(await project.ok('export', 'users'))).toHaveLength(2)
  })

  test('a reader that has enough ends an export quietly', async () => {
    using project = Project.quiet()
    const text = Array.from({ length: 20_000 }, (_, _id) =>
      JSON.stringify({ _id, text: 'x'.repeat(100) }),
    ).join('\n')
    await project.ok('import', project.write('c.jsonl', text))
    const { spawnSync } = await import('node:child_process')
    const { mainFile } = await import('../cli/run-cli.ts')
    const shell = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${mainFile}" db export c | head -n 1; exit 0`],
      {
        cwd: project.path,
        encoding: 'utf8',
      },
    )
    expect(shell.stdout).toBe(`{"_id":0,"text":"${'x'.repeat(100)}"}\n`)
    expect(shell.stderr).not.toContain('error')
  })

  test('nothing is written by tools that only read', async () => {
    using project = Project.quiet()
    for (const args of [['export'], ['check'], ['snapshot', 'list'], ['snapshot', 'save', 'a']]) {
      await project.run(...args)
      expect(existsSync(project.data)).toBe(false)
    }
  })
})

describe('check and snapshots', () => {
  test('a damaged file is found', async () => {
    using project = Project.quiet()
    await project.ok('init')
    await project.ok('snapshot', 'save', 'a')
    await project.ok('snapshot', 'restore', 'a')
    expect(await project.ok('check')).toContain('no errors found')
    const [name = ''] = readdirSync(project.data).filter((file) => file.endsWith('.bson'))
    const bytes = readFileSync(`${project.data}/${name}`)
    bytes[20]! ^= 1
    writeFileSync(`${project.data}/${name}`, bytes)
    const { code, stdout, stderr } = await project.run('check')
    expect(code).toBe(1)
    expect(lines(stderr)[0]).toBe(`error ${name}, local-space.users: its checksum is wrong`)
    expect(stdout).toContain('1 error found')
    expect(JSON.parse((await project.run('check', '--json')).stdout)).toEqual([
      { severity: 'error', file: name, collection: 'local-space.users', message: 'its checksum is wrong' },
    ])
    await project.ok('snapshot', 'restore', 'a')
    expect(await project.ok('check')).toContain('no errors found')
  })

  test('save, list, restore, delete', async () => {
    using project = Project.quiet()
    expect(await project.run('snapshot', 'restore', 'a')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none was saved yet'),
    })
    await project.ok('init')
    expect(await project.ok('snapshot', 'save', 'a')).toMatch(/^saved a: 2 collections, 2 documents, /)
    await project.ok('reset', '--yes')
    await project.ok('import', project.write('users.jsonl', '{"_id":"z"}'))
    expect(await project.ok('snapshot', 'restore', 'a')).toMatch(/^restored a: 2 collections, 2 documents/)
    expect(lines(await project.ok('export', 'users'))).toHaveLength(2)
    expect(JSON.parse(await project.ok('snapshot', 'list', '--json'))).toMatchObject([
      { name: 'a', documents: 2 },
    ])
    expect(await project.ok('snapshot', 'delete', 'a')).toBe('deleted a\n')
    expect(await project.ok('snapshot', 'list')).toContain('no snapshots')
    expect(await project.run('snapshot', 'list', '--database', 'mongodb://127.0.0.1:1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('for the embedded database only'),
    })
  })

  test('with storage lmdb', async () => {
    using project = Project.quiet()
    const lmdb = ['--storage', 'lmdb']
    await project.ok('init', ...lmdb)
    expect(await project.ok('snapshot', 'save', 'a', ...lmdb)).toMatch(
      /^saved a: 2 collections, 2 documents, /,
    )
    await project.ok('import', project.write('users.jsonl', '{"_id":"z"}'), ...lmdb)
    expect(await project.ok('snapshot', 'restore', 'a', ...lmdb)).toMatch(/^restored a: 2 collections, 2 doc/)
    expect(lines(await project.ok('export', 'users', ...lmdb))).toHaveLength(2)
    expect(await project.ok('check', ...lmdb)).toContain('no errors found')
    expect(await project.run('snapshot', 'restore', 'a')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a database with storage 'lmdb'"),
    })
  })

  test('a database that is not kept has nothing to work on', async () => {
    using project = Project.quiet()
    expect(await project.run('export', '--database', 'memory')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("database is 'memory'"),
    })
  })
})

describe('while another process has the data folder', { timeout: 60_000 }, () => {
  test('a dev server: everything goes through it, but a restore', async () => {
    using project = Project.quiet()
    await using server = await dev([], project.path)
    const counted = async (): Promise<unknown> => {
      const reply = await fetch(`${server.url}/_unicloud/api/functions/count`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      return ((await reply.json()) as { result: { total: number } }).result.total
    }
    expect(await counted()).toBe(2)
    expect(existsSync(`${project.data}/lock`)).toBe(true)
    expect(lines(await project.ok('export', 'users'))).toHaveLength(2)
    await project.ok('import', project.write('users.jsonl', '{"_id":"c","mail":"c"}\n{"_id":"d","mail":"d"}'))
    expect(await counted()).toBe(4)
    expect(await project.ok('init')).toContain('2 skipped, already there')
    const check = await project.ok('check')
    expect(check).toContain('(in use: a copy was checked)')
    expect(check).toContain('2 collections with 4 documents checked in the running database')
    expect(await project.ok('snapshot', 'save', 'live')).toContain('2 collections, 4 documents')
    expect(await project.run('snapshot', 'restore', 'live')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is in use by process'),
    })
    expect(await project.ok('reset', '--yes')).toContain('dropped (4 documents), made anew')
    expect(await counted()).toBe(2)
    expect((await project.ok('shell', '--uri')).trim()).toMatch(
      /^mongodb:\/\/.*mongodb\.sock\/local-space\?directConnection=true$/,
    )
    await using second = await dev([], project.path)
    expect(second.output.stderr).toMatch(
      /the database folder .* is in use by process \d+: functions that use the database fail/,
    )
    await second.stop()
    expect(await server.stop()).toBe(0)
    await project.ok('snapshot', 'restore', 'live')
    expect(lines(await project.ok('export', 'users'))).toHaveLength(4)
  })

  test('one that serves nobody is named', async () => {
    using project = Project.quiet()
    await using thread = new EngineThread({ directory: project.data })
    await thread.ready()
    for (const command of [['export'], ['init'], ['reset', '--yes'], ['shell', '--uri']]) {
      expect(await project.run(...command)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          new RegExp(`in use by process ${process.pid}, which does not serve it`),
        ),
      })
    }
  })

  test('a server by its address', async () => {
    using project = Project.quiet()
    await using thread = new EngineThread()
    const server = await thread.listen({ port: 0 })
    const uri = ['--database', server.uris[0]!]
    expect(await project.ok('init', ...uri)).toContain('users   created  1 index, 2 documents')
    const users = await project.ok('export', 'users', ...uri)
    expect(lines(users)).toHaveLength(2)
    expect(await project.ok('import', project.write('users.jsonl', users), '--drop', ...uri)).toContain(
      '2 removed, 2 inserted',
    )
    expect(await project.ok('check', ...uri)).toContain('2 collections with 2 documents checked')
    expect(await project.ok('reset', '--yes', ...uri)).toContain('made anew')
    expect(existsSync(project.data)).toBe(false)
    await server.close()
    const { code, stderr } = await project.run(
      'export',
      '--database',
      'mongodb://user:secret@127.0.0.1:1/?serverSelectionTimeoutMS=300',
    )
    expect(code).toBe(2)
    expect(stderr).toContain('the database at 127.0.0.1:1 cannot be reached')
    expect(stderr).not.toContain('secret')
  })
})

describe('shell', () => {
  /** A mongosh that tells how it was called, first of all on the PATH. */
  function withMongosh(folder: TempFolder, script: string): Disposable {
    mkdirSync(folder.file('bin'))
    folder.write('bin/mongosh', `#!/bin/sh\n${script}\n`)
    chmodSync(folder.file('bin', 'mongosh'), 0o755)
    const before = process.env.PATH
    process.env.PATH = `${folder.file('bin')}${delimiter}${before}`
    return {
      [Symbol.dispose]: () => {
        process.env.PATH = before
      },
    }
  }

  test.skipIf(process.platform === 'win32')('starts mongosh on a database it serves meanwhile', async () => {
    using project = Project.quiet()
    await project.ok('init')
    using _path = withMongosh(project, 'echo "$@"; exit 3')
    const { code, stdout } = await project.run('shell', '--', '--quiet', '--eval', '1 + 1')
    expect(code).toBe(3)
    expect(stdout).toMatch(
      /^mongodb:\/\/127\.0\.0\.1:\d+\/local-space\?directConnection=true --quiet --eval 1 \+ 1\n$/,
    )
    const remote = await project.run('shell', '--database', 'mongodb://u:secret@db.example/admin?tls=true')
    expect(remote.stdout).toBe('mongodb://u:secret@db.example/local-space?tls=true\n')
    expect(remote.stderr).not.toContain('secret')
  })
})
