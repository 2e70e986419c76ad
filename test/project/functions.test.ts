import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { oversizedFunctions } from '../../runtime/project/folder-size.ts'
import { readFunctionFolder } from '../../runtime/project/function-folder.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { providers } from '../../runtime/provider.ts'
import { lines, tempProject } from './temp-project.ts'

describe('function folders', () => {
  const entries: { name: string; files: string[]; kind?: string; entry?: string; problems: RegExp[] }[] = [
    { name: 'function', files: ['index.js'], kind: 'cloudfunction', entry: 'index.js', problems: [] },
    { name: 'object', files: ['index.obj.js'], kind: 'cloudobject', entry: 'index.obj.js', problems: [] },
    {
      name: 'TypeScript function',
      files: ['index.ts'],
      kind: 'cloudfunction',
      entry: 'index.ts',
      problems: [],
    },
    {
      name: 'TypeScript object',
      files: ['index.obj.ts'],
      kind: 'cloudobject',
      entry: 'index.obj.ts',
      problems: [],
    },
    {
      name: '.js before .ts',
      files: ['index.ts', 'index.js'],
      kind: 'cloudfunction',
      entry: 'index.js',
      problems: [/^warning: f uses index\.js and ignores index\.ts/],
    },
    {
      name: 'both kinds',
      files: ['index.js', 'index.obj.js'],
      kind: 'cloudobject',
      entry: 'index.obj.js',
      problems: [/^error: f holds both index\.js and index\.obj\.js; a folder is either/],
    },
    {
      name: 'both kinds in two languages',
      files: ['index.ts', 'index.obj.js'],
      kind: 'cloudobject',
      entry: 'index.obj.js',
      problems: [/^error: f holds both index\.ts and index\.obj\.js/],
    },
  ]
  test.each(entries)('$name', async ({ files, kind, entry, problems }) => {
    await using project = await tempProject(
      Object.fromEntries(files.map((file) => [`cloudfunctions/f/${file}`, ''])),
    )
    const { functions } = await project.read()
    expect(functions.f).toMatchObject({ kind, entry: project.file(`cloudfunctions/f/${entry}`) })
    expect(lines(functions.f?.problems ?? [])).toEqual(problems.map((text) => expect.stringMatching(text)))
  })

  test('what is no function: modules, actions, hidden folders, packages, empty folders', async () => {
    await using project = await tempProject({
      'cloudfunctions/common/m/index.js': '',
      'cloudfunctions/uni-clientDB-actions/a.js': '',
      'cloudfunctions/.git/index.js': '',
      'cloudfunctions/node_modules/index.js': '',
      'cloudfunctions/empty/': '',
      'cloudfunctions/cloudfunctions_init.json': '[]',
      'cloudfunctions/db_init.json': '{}',
    })
    const { functions, problems } = await project.read()
    expect(functions).toEqual({})
    expect(lines(problems)).toEqual([
      expect.stringMatching(/^warning: cloudfunctions_init\.json in cloudfunctions is an old format/),
      expect.stringMatching(/^warning: db_init\.json in cloudfunctions is an old format/),
      expect.stringMatching(/^warning: empty is neither a cloud function nor a cloud object and is skipped/),
    ])
  })

  test.each(['1st', 'my.func', 'with space', '中文', 'x'.repeat(61)])(
    'the name %s is doubtful',
    async (name) => {
      await using project = await tempProject({ [`cloudfunctions/${name}/index.js`]: '' })
      const { functions } = await project.read()
      expect(lines(functions[name]?.problems ?? [])).toEqual([
        `warning: the name "${name}" may be refused by the cloud`,
      ])
    },
  )

  test('more functions than a space takes', async () => {
    const files = Array.from({ length: 100 }, (_, index) => [`cloudfunctions/f${index}/index.js`, ''])
    await using project = await tempProject(Object.fromEntries(files))
    expect(lines((await project.read()).problems)).toEqual([
      'warning: 100 functions and objects; a space of aliyun takes 99',
    ])
  })

  test('a linked function folder counts', async () => {
    const { symlink } = await import('node:fs/promises')
    await using project = await tempProject({ 'cloudfunctions/': '', 'elsewhere/f/index.js': '' })
    await symlink(project.file('elsewhere/f'), project.file('cloudfunctions/f'))
    expect(Object.keys((await project.read()).functions)).toEqual(['f'])
  })
})

describe('public modules', () => {
  const cases: { name: string; dir: string; pkg: string; problems: RegExp[] }[] = [
    { name: 'fine', dir: 'hello', pkg: '{"name": "hello"}', problems: [] },
    {
      name: 'name of a Node module',
      dir: 'fs',
      pkg: '{}',
      problems: [/public module fs: Node\.js has a module/],
    },
    {
      name: 'upper case',
      dir: 'Hello',
      pkg: '{"name": "Hello"}',
      problems: [/upper-case letters are not allowed/],
    },
    {
      name: 'other name',
      dir: 'hello',
      pkg: '{"name": "other"}',
      problems: [/package\.json is named "other"/],
    },
    { name: 'broken', dir: 'hello', pkg: '{"name"}', problems: [/package\.json: not valid JSON.*\(1:8\)/] },
  ]
  test.each(cases)('$name', async ({ dir, pkg, problems }) => {
    await using project = await tempProject({
      [`cloudfunctions/common/${dir}/index.js`]: '',
      [`cloudfunctions/common/${dir}/package.json`]: pkg,
    })
    const manifest = await project.read()
    expect(Object.keys(manifest.modules)).toEqual([dir])
    expect(lines(manifest.problems)).toEqual(problems.map((text) => expect.stringMatching(text)))
  })
})

/** `config` of package.json -> what came of it; places are those of the pretty-printed file. */
interface ConfigCase {
  name: string
  provider?: ProviderName
  config: unknown
  read?: object
  problems?: (string | RegExp)[]
}

const trigger = { name: 'nightly', type: 'timer', config: '0 0 3 * * * *' }

/** A newer Node than uniCloud has is no error, but none of its `runtime`s either. */
const here = `Nodejs${process.versions.node.split('.')[0]}`
const knownHere = ['Nodejs16', 'Nodejs18', 'Nodejs20'].includes(here)

const configCases: ConfigCase[] = [
  {
    name: 'nothing said, aliyun',
    config: {},
    read: {
      timeout: 5,
      timingTimeout: 5,
      memorySize: 512,
      concurrency: 1,
      path: '',
      triggers: [],
      keepRunningAfterReturn: true,
    },
  },
  { name: 'nothing said, tencent', provider: 'tencent', config: {}, read: { memorySize: 256 } },
  {
    name: 'everything said',
    config: {
      timeout: 60,
      memorySize: 128,
      concurrency: 10,
      path: '/a',
      triggers: [trigger],
      ...(knownHere ? { runtime: here } : {}),
      keepRunningAfterReturn: false,
    },
    read: {
      timeout: 60,
      timingTimeout: 60,
      memorySize: 128,
      concurrency: 10,
      path: '/a',
      triggers: [trigger],
      keepRunningAfterReturn: false,
    },
  },
  {
    name: 'timeout as a string',
    config: { timeout: '60' },
    read: { timeout: 5 },
    problems: [
      'error: cloudfunction-config.timeout is "60"; allowed: a number of seconds above 0, up to 120 (3:16)',
    ],
  },
  {
    name: 'timeout 0',
    config: { timeout: 0 },
    problems: [/^error: cloudfunction-config\.timeout is 0; allowed/],
  },
  {
    name: 'timeout above the maximum',
    config: { timeout: 600 },
    read: { timeout: 120, timingTimeout: 600 },
    problems: [
      'warning: cloudfunction-config.timeout is 600, more than the maximum of aliyun; 120 is used (3:16)',
    ],
  },
  {
    name: 'timeout of a timed function goes up to the timers’ limit',
    config: { timeout: 600, triggers: [trigger] },
    read: { timeout: 120, timingTimeout: 600 },
  },
  {
    name: 'timeout above the timers’ limit',
    provider: 'tencent',
    config: { timeout: 1000, triggers: [trigger] },
    read: { timeout: 60, timingTimeout: 900 },
    problems: [/^warning: cloudfunction-config\.timeout is 1000.*; 900 is used/],
  },
  {
    name: 'odd memory size',
    config: { memorySize: 300 },
    problems: [
      'error: cloudfunction-config.memorySize is 300; allowed: 128, 256, 512, 1024, 2048 (MB) (3:19)',
    ],
  },
  {
    name: 'memory above the maximum',
    config: { memorySize: 4096 },
    read: { memorySize: 2048 },
    problems: [/^warning: cloudfunction-config\.memorySize is 4096, more than the maximum; 2048 is used/],
  },
  {
    name: 'fraction of concurrency',
    config: { concurrency: 1.5 },
    problems: [/^error: .*concurrency is 1\.5; allowed: an integer from 1 to 100/],
  },
  {
    name: 'too much concurrency',
    config: { concurrency: 500 },
    read: { concurrency: 100 },
    problems: [/^warning: .*; 100 is used/],
  },
  {
    name: 'concurrency on tencent',
    provider: 'tencent',
    config: { concurrency: 10 },
    read: { concurrency: 1 },
    problems: [/^warning: cloudfunction-config\.concurrency has no effect on tencent/],
  },
  {
    name: 'path without a slash',
    config: { path: 'a/b' },
    read: { path: '/a/b' },
    problems: [/^warning: cloudfunction-config\.path does not start with/],
  },
  { name: 'path with a slash at the end', config: { path: '/a/' }, read: { path: '/a' } },
  { name: 'path /', config: { path: '/' }, read: { path: '/' } },
  {
    name: 'path / on tencent',
    provider: 'tencent',
    config: { path: '/' },
    read: { path: '/' },
    problems: [/^warning: .*tencent reserves/],
  },
  { name: 'path of old aliyun spaces', config: { path: '/http/x' }, read: { path: '/http/x' } },
  {
    name: 'path of our own',
    config: { path: '/_unicloud/x' },
    problems: [/^error: .*path is "\/_unicloud\/x"; allowed: a path outside/],
  },
  {
    name: 'path as an array',
    config: { path: ['/a'] },
    problems: [/^error: .*path is \["\/a"\]; allowed: a string/],
  },
  {
    name: 'trigger as an object',
    config: { triggers: {} },
    problems: [/^error: .*triggers is \{\}; allowed: an array with at most one/],
  },
  {
    name: 'two triggers',
    config: { triggers: [trigger, trigger] },
    read: { triggers: [] },
    problems: [/^error: cloudfunction-config\.triggers is .*; allowed: at most one trigger/],
  },
  {
    name: 'the console form of aliyun',
    config: { triggers: ['cron:0 0 * * * *'] },
    problems: [/^error: .*triggers\[0\] is "cron:0 0 \* \* \* \*"; allowed: \{"name"/],
  },
  {
    name: 'trigger without config',
    config: { triggers: [{ name: 'a', type: 'timer' }] },
    problems: [/^error: .*triggers\[0\]\.config is missing; allowed: a cron expression/],
  },
  {
    name: 'trigger name and type, lenient on aliyun',
    config: { triggers: [{ config: '0 0 * * * * *', name: '1' }] },
    read: { triggers: [{ name: '1', type: 'timer', config: '0 0 * * * * *' }] },
    problems: [
      /^warning: .*triggers\[0\]\.name should be/,
      /^warning: .*triggers\[0\]\.type should be "timer"/,
    ],
  },
  {
    name: 'trigger name and type, strict on tencent',
    provider: 'tencent',
    config: { triggers: [{ config: '0 0 * * * * *', name: '1', type: 'clock' }] },
    problems: [
      /^error: .*triggers\[0\]\.name is "1"; allowed/,
      /^error: .*triggers\[0\]\.type is "clock"; allowed: "timer"/,
    ],
  },
  {
    name: 'unknown runtime',
    config: { runtime: 'Nodejs99' },
    problems: [/^error: .*runtime is "Nodejs99"; allowed: Nodejs12/],
  },
  {
    name: 'runtime of others',
    config: { runtime: 'Nodejs8' },
    problems: [/^warning: .*runtime is Nodejs8, which aliyun does not offer/],
  },
  {
    name: 'keepRunningAfterReturn as a string',
    config: { keepRunningAfterReturn: 'no' },
    problems: [/^error: .*keepRunningAfterReturn is "no"; allowed: true or false/],
  },
  {
    name: 'a slip in a name',
    config: { timeOut: 10 },
    problems: ['warning: cloudfunction-config.timeOut is not known and has no effect (3:5)'],
  },
  {
    name: 'not an object',
    config: [],
    problems: [/^error: cloudfunction-config is \[\]; allowed: an object/],
  },
]

describe('cloudfunction-config', () => {
  test.each(configCases)('$name', async ({ provider = 'aliyun', config, read = {}, problems = [] }) => {
    const pkg = JSON.stringify({ 'cloudfunction-config': config }, null, 2)
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': pkg,
      'cloudfunctions/other/index.js': '',
    })
    const { functions } = await project.read({ provider })
    expect(functions.f?.config).toMatchObject(read)
    expect(lines(functions.f?.problems ?? [])).toEqual(
      problems.map((text) => (typeof text === 'string' ? text : expect.stringMatching(text))),
    )
    expect(functions.f?.problems.every(({ where }) => where?.file.endsWith('f/package.json'))).toBe(true)
    // Never the neighbours.
    expect(functions.other?.problems).toEqual([])
  })

  test('a different Node.js in the cloud is said once for all', async () => {
    const pkg = '{"cloudfunction-config": {"runtime": "Nodejs12"}}'
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': pkg,
      'cloudfunctions/g/index.js': '',
      'cloudfunctions/g/package.json': pkg,
    })
    expect(lines((await project.read()).problems)).toEqual([
      expect.stringMatching(/^warning: functions run on Nodejs\d+ here, .*: f \(Nodejs12\), g \(Nodejs12\)$/),
    ])
  })
})

describe('the rest of package.json', () => {
  const cases: { name: string; pkg: string; problems: (string | RegExp)[]; entry?: object }[] = [
    {
      name: 'a byte order mark',
      pkg: '\uFEFF{"extensions": {"uni-cloud-jql": {}}}',
      problems: [],
      entry: { extensions: ['uni-cloud-jql'] },
    },
    { name: 'empty', pkg: '', problems: ['error: package.json: the file is empty (1:1)'] },
    {
      name: 'broken',
      pkg: '{\n  "name": "f"\n  "main": "x"\n}',
      problems: ['error: package.json: not valid JSON: comma expected (3:3)'],
    },
    {
      name: 'comments',
      pkg: '{\n  // no\n}',
      problems: ['error: package.json: not valid JSON: comments are not allowed here (2:3)'],
    },
    { name: 'an array', pkg: '[]', problems: ['error: package.json must hold an object'] },
    {
      name: 'extensions',
      pkg: '{"extensions": {"uni-cloud-redis": {}, "uni-cloud-rediss": {}}}',
      problems: ['warning: extensions.uni-cloud-rediss is not known and has no effect (1:40)'],
      entry: { extensions: ['uni-cloud-redis', 'uni-cloud-rediss'] },
    },
    {
      name: 'extensions as an array',
      pkg: '{"extensions": ["uni-cloud-redis"]}',
      problems: [/^error: extensions is \["uni-cloud-redis"\]; allowed: an object/],
    },
    {
      name: 'an extension as a flag',
      pkg: '{"extensions": {"uni-cloud-redis": true}}',
      problems: [/^error: extensions\.uni-cloud-redis is true; allowed: \{\}/],
    },
    {
      name: 'dependencies as an array',
      pkg: '{"dependencies": []}',
      problems: [/^error: dependencies is \[\]; allowed: an object/],
    },
    {
      name: 'a dependency as a number',
      pkg: '{"dependencies": {"a": 1}}',
      problems: [/^error: dependencies\.a is 1; allowed: a version/],
    },
    {
      name: 'dependencies that are there',
      pkg: '{"dependencies": {"m": "file:../common/m", "n": "file:../gone/n", "p": "1.0.0"}}',
      problems: [],
      entry: { dependencies: { m: 'file:../common/m', n: 'file:../gone/n', p: '1.0.0' } },
    },
    {
      name: 'a file: dependency that leads nowhere',
      pkg: '{"dependencies": {"x": "file:../common/x"}}',
      problems: [/^warning: f depends on x, but file:\.\.\/common\/x does not exist .*\(1:24\)/],
    },
    {
      name: 'npm packages that are not installed',
      pkg: '{"dependencies": {"jsonwebtoken": "8.5.1", "lodash.merge": "^4.6.2"}}',
      problems: ['warning: f needs npm packages that are not installed: jsonwebtoken, lodash.merge (1:35)'],
    },
    {
      name: 'name and main, which count for nothing',
      pkg: '{"name": "other", "main": "nowhere.js", "x": 1}',
      problems: [],
    },
  ]
  test.each(cases)('$name', async ({ pkg, problems, entry = {} }) => {
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': pkg,
      'cloudfunctions/common/m/index.js': '',
      'cloudfunctions/common/n/index.js': '',
      'node_modules/p/index.js': '',
    })
    const { functions } = await project.read()
    expect(functions.f).toMatchObject(entry)
    expect(lines(functions.f?.problems ?? [])).toEqual(
      problems.map((text) => (typeof text === 'string' ? text : expect.stringMatching(text))),
    )
  })

  test('how to install, from where the project is', async () => {
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': '{"dependencies": {"p": "1"}}',
    })
    expect((await project.read()).functions.f?.problems[0]?.hint).toBe('cd cloudfunctions/f && npm install')
  })

  test('did you mean', async () => {
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': '{"cloudfunction-config": {"memorysize": 256, "region": "x"}}',
    })
    const hints = (await project.read()).functions.f?.problems.map(({ hint }) => hint)
    expect(hints).toEqual(['did you mean memorySize?', expect.stringMatching(/^known: timeout, memorySize/)])
  })
})

test('a project of fifty functions is read in a moment', async () => {
  const files: Record<string, string> = {}
  for (let index = 0; index < 50; index++) {
    files[`uniCloud-aliyun/cloudfunctions/f${index}/index.js`] = ''
    files[`uniCloud-aliyun/cloudfunctions/f${index}/package.json`] = JSON.stringify({
      dependencies: { m: 'file:../common/m' },
      extensions: { 'uni-cloud-jql': {} },
      'cloudfunction-config': { timeout: 10, path: `/f${index}` },
    })
  }
  files['uniCloud-aliyun/cloudfunctions/common/m/index.js'] = ''
  await using project = await tempProject(files)
  const started = performance.now()
  const manifest = await project.read()
  expect(performance.now() - started).toBeLessThan(60)
  expect(Object.keys(manifest.functions)).toHaveLength(50)
  expect(manifest.problems).toEqual([])
})

test('functions larger than 10 MB with their packages are told', async () => {
  const root = 'uniCloud-aliyun/cloudfunctions'
  await using project = await tempProject({
    [`${root}/small/index.js`]: '',
    [`${root}/large/index.js`]: '',
    [`${root}/large/node_modules/a/lib/1.bin`]: 'x'.repeat(6 * 1024 * 1024),
    [`${root}/large/node_modules/b/2.bin`]: 'x'.repeat(5 * 1024 * 1024),
  })
  const found = []
  for await (const problem of oversizedFunctions(await project.read())) if (problem) found.push(problem)
  expect(lines(found)).toEqual([
    'warning: large and the packages in it are larger than 10 MB: the cloud does not take it',
  ])
})

// Loops of links and folders in the place of files, because tests may run as root, who may read everything.
describe('what cannot be read takes down no more than itself', () => {
  test('a package.json', async () => {
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json/': '',
      'cloudfunctions/g/index.js': '',
    })
    const { functions } = await project.read()
    expect(lines(functions.f?.problems ?? [])).toEqual([
      'error: package.json: unreadable (EISDIR: illegal operation on a directory)',
    ])
    expect(functions.g?.problems).toEqual([])
  })

  test('a link that leads to itself among the functions', async () => {
    await using project = await tempProject({ 'cloudfunctions/g/index.js': '' })
    await symlink('loop', project.file('cloudfunctions/loop'))
    expect(Object.keys((await project.read()).functions)).toEqual(['g'])
  })

  test('the folder of a function', async () => {
    await using project = await tempProject({ 'folder/f': '' })
    expect(readFunctionFolder(project.file('folder/f'), 'project', providers.aliyun)).toMatchObject({
      notice: {
        severity: 'warning',
        message: 'f is skipped: its folder cannot be read (ENOTDIR: not a directory)',
        where: { file: project.file('folder/f') },
      },
    })
  })

  test('what holds all functions is the end of the project, and said to be the user’s matter', async () => {
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'database/validateFunction': '',
    })
    await expect(project.read()).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
      message: 'the project cannot be read: ENOTDIR: not a directory',
      where: { file: project.file('database/validateFunction') },
    })
  })
})
