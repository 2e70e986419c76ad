import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalError } from '../../errors/errors.ts'
import type { Manifest, ProviderName } from '../../runtime/project/manifest.ts'
import { lines, tempProject } from './temp-project.ts'

const names = (record: Record<string, unknown>) => Object.keys(record).sort()
const origins = (manifest: Manifest) =>
  Object.fromEntries(Object.values(manifest.functions).map((entry) => [entry.name, entry.origin]))

describe('cloud folders', () => {
  const folders: [folder: string, provider: ProviderName][] = [
    ['uniCloud', 'aliyun'],
    ['uniCloud-aliyun', 'aliyun'],
    ['uniCloud-tcb', 'tencent'],
    ['uniCloud-tencent', 'tencent'],
    ['uniCloud-alipay', 'alipay'],
    ['uniCloud-dcloud', 'dcloud'],
  ]
  test.each(folders)('%s is %s', async (folder, provider) => {
    await using project = await tempProject({ [`${folder}/cloudfunctions/f/index.js`]: '' })
    const manifest = await project.read()
    expect(manifest).toMatchObject({ root: project.dir, provider, cloudRoots: [project.file(folder)] })
    expect(manifest.functions.f).toMatchObject({
      kind: 'cloudfunction',
      dir: project.file(`${folder}/cloudfunctions/f`),
      entry: project.file(`${folder}/cloudfunctions/f/index.js`),
      origin: 'project',
      problems: [],
    })
    expect(manifest.problems).toEqual([])
  })

  test('standing in the cloud folder means the project around it', async () => {
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/f/index.js': '',
      'uniCloud-tcb/cloudfunctions/g/index.js': '',
      'uni_modules/p/uniCloud/cloudfunctions/h/index.js': '',
    })
    const manifest = await project.read({ project: project.file('uniCloud-tcb') })
    expect(manifest).toMatchObject({ root: project.dir, provider: 'tencent' })
    expect(names(manifest.functions)).toEqual(['g', 'h'])
  })

  test('several: --provider decides, then launch.json, else the list is shown', async () => {
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/a/index.js': '',
      'uniCloud-tcb/cloudfunctions/t/index.js': '',
    })
    expect(names((await project.read({ provider: 'tencent' })).functions)).toEqual(['t'])
    const failure = await project.read().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(LocalError)
    expect(failure).toMatchObject({
      code: 'PROJECT_AMBIGUOUS',
      message: `several cloud folders in ${project.dir}: uniCloud-aliyun, uniCloud-tcb`,
      hint: expect.stringContaining('--provider'),
    })
    await project.write({
      '.hbuilderx/launch.json':
        '{ // remembered\n "version": "0.0", "configurations": [{"provider": "tcb"}] }',
    })
    expect(await project.read()).toMatchObject({ provider: 'tencent' })
    expect(await project.read({ provider: 'aliyun' })).toMatchObject({ provider: 'aliyun' })
  })

  test('another provider than the folder’s is allowed, and said', async () => {
    await using project = await tempProject({ 'uniCloud-aliyun/cloudfunctions/f/index.js': '' })
    const manifest = await project.read({ provider: 'alipay' })
    expect(manifest.provider).toBe('alipay')
    expect(lines(manifest.problems)).toEqual([
      expect.stringMatching(/^warning: uniCloud-aliyun is run as alipay/),
    ])
  })

  test.each([
    ['a folder that does not exist', 'nowhere', /does not exist/],
    ['a folder without a cloud side', '.', /no uniCloud project/],
  ])('%s', async (_, folder, message) => {
    await using project = await tempProject({ 'package.json': '{}' })
    await expect(project.read({ project: project.file(folder) })).rejects.toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      message: expect.stringMatching(message),
    })
  })
})

describe('other layouts', () => {
  test('a plain folder with cloudfunctions/', async () => {
    await using project = await tempProject({
      'cloudfunctions/f/index.ts': '',
      'cloudfunctions/common/m/index.js': '',
      'database/book.schema.json': '{}',
    })
    const manifest = await project.read()
    expect(names(manifest.functions)).toEqual(['f'])
    expect(names(manifest.modules)).toEqual(['m'])
    expect(manifest.databaseFiles).toHaveLength(1)
    expect(manifest.cloudRoots).toEqual([project.file('cloudfunctions'), project.file('database')])
  })

  test('uni_modules at the root and below src, whatever the case of uniCloud', async () => {
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/f/index.js': '',
      'uni_modules/p/uniCloud/cloudfunctions/pf/index.obj.js': '',
      'uni_modules/p/uniCloud/cloudfunctions/common/pm/index.js': '',
      'uni_modules/p/uniCloud/cloudfunctions/uni-clientDB-actions/act.js': '',
      'uni_modules/p/uniCloud/database/t.schema.json': '{}',
      'src/uni_modules/q/unicloud/cloudfunctions/qf/index.js': '',
      'uni_modules/front-end-only/index.js': '',
    })
    const manifest = await project.read()
    expect(origins(manifest)).toEqual({ f: 'project', pf: 'p', qf: 'q' })
    expect(manifest.modules.pm).toMatchObject({ origin: 'p' })
    expect(manifest.databaseFiles).toMatchObject([{ collection: 't', kind: 'schema', origin: 'p' }])
    expect(manifest.clientActions).toMatchObject([{ name: 'act', origin: 'p' }])
    expect(manifest.problems).toEqual([])
  })

  test('a plug-in under development, without a cloud folder of its own', async () => {
    await using project = await tempProject({ 'uni_modules/p/uniCloud/cloudfunctions/f/index.js': '' })
    expect(origins(await project.read())).toEqual({ f: 'p' })
  })

  test('a package with cloudobjects, common and examples', async () => {
    await using project = await tempProject({
      'cloudobjects/pay-co/index.obj.js': '',
      'cloudobjects/pay-co/database/pay-orders.schema.json': '{}',
      'common/pay/index.js': '',
      'database/engine.ts': '',
      'examples/shop/uniCloud-aliyun/cloudfunctions/shop/index.js': '',
      'examples/shop/uniCloud-aliyun/database/goods.schema.json': '{}',
      'examples/plain/cloudfunctions/plain/index.js': '',
      'examples/single/index.js': '',
    })
    const manifest = await project.read({ builtins: true, builtinRoots: [project.dir] })
    expect(origins(manifest)).toEqual({
      'pay-co': 'project',
      shop: 'project',
      plain: 'project',
      single: 'project',
    })
    expect(names(manifest.modules)).toEqual(['pay'])
    expect(manifest.databaseFiles.map((file) => file.collection).sort()).toEqual(['goods', 'pay-orders'])
    expect(manifest.problems).toEqual([])
  })

  test('what ships with us joins every space and gives way to the project', async () => {
    await using shipped = await tempProject({
      'cloudobjects/pay-co/index.obj.js': '',
      'cloudobjects/pay-co/package.json': '{"cloudfunction-config": {"path": "/pay"}}',
      'cloudobjects/pay-co/database/orders.schema.json': '{}',
      'cloudobjects/upgrade-co/index.obj.js': '',
      'cloudobjects/upgrade-co/database/versions.schema.json': '{}',
      'common/pay/index.js': '',
      'common/id/index.js': '',
    })
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/upgrade-co/index.obj.js': '',
      'uniCloud-aliyun/cloudfunctions/mine/index.js': '',
      'uniCloud-aliyun/cloudfunctions/mine/package.json': '{"cloudfunction-config": {"path": "/pay"}}',
      'uniCloud-aliyun/cloudfunctions/common/id/index.js': '',
    })
    const builtinRoots = [shipped.dir]
    const manifest = await project.read({ builtins: true, builtinRoots })
    expect(origins(manifest)).toEqual({ 'pay-co': 'builtin', 'upgrade-co': 'project', mine: 'project' })
    expect(manifest.modules).toMatchObject({ pay: { origin: 'builtin' }, id: { origin: 'project' } })
    expect(manifest.functions['pay-co']?.config.path).toBe('')
    // A replaced object takes its collections away with it.
    expect(manifest.databaseFiles).toMatchObject([{ collection: 'orders', origin: 'builtin' }])
    expect(manifest.cloudRoots).toContain(shipped.file('cloudobjects'))
    expect(manifest.problems).toEqual([])
    expect(names((await project.read({ builtins: false, builtinRoots })).functions)).toEqual([
      'mine',
      'upgrade-co',
    ])
  })
})

describe('database files', () => {
  test('the kinds, and what is left alone', async () => {
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/': '',
      'uniCloud-aliyun/database/a.b.schema.json': '',
      'uniCloud-aliyun/database/a.index.json': '',
      'uniCloud-aliyun/database/a.init_data.json': '',
      'uniCloud-aliyun/database/a.schema.ext.js': '',
      'uniCloud-aliyun/database/validateFunction/check.js': '',
      'uniCloud-aliyun/database/db_init.json': '',
      'uniCloud-aliyun/database/query.jql': '',
      'uniCloud-aliyun/database/.DS_Store': '',
    })
    const { databaseFiles } = await project.read()
    expect(
      databaseFiles.map(({ collection, kind, path: file }) => [collection, kind, path.basename(file)]),
    ).toEqual([
      ['a.b', 'schema', 'a.b.schema.json'],
      ['a', 'index', 'a.index.json'],
      ['a', 'init_data', 'a.init_data.json'],
      ['a', 'schema-ext', 'a.schema.ext.js'],
      ['', 'db_init', 'db_init.json'],
      ['check', 'validate-function', 'check.js'],
    ])
  })
})

describe('one namespace', () => {
  test('the project wins over plug-ins, with a warning', async () => {
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/f/index.js': '',
      'uniCloud-aliyun/cloudfunctions/common/m/index.js': '',
      'uniCloud-aliyun/database/t.schema.json': '',
      'uni_modules/p/uniCloud/cloudfunctions/f/index.js': '',
      'uni_modules/p/uniCloud/cloudfunctions/common/m/index.js': '',
      'uni_modules/p/uniCloud/database/t.schema.json': '',
      'uni_modules/p/uniCloud/database/t.index.json': '',
    })
    const manifest = await project.read()
    expect(origins(manifest)).toEqual({ f: 'project' })
    expect(manifest.databaseFiles).toMatchObject([
      { kind: 'schema', origin: 'project' },
      { kind: 'index', origin: 'p' },
    ])
    expect(lines(manifest.problems)).toEqual([
      'warning: function f of the project hides the one of uni_modules/p',
      'warning: public module m of the project hides the one of uni_modules/p',
      'warning: database file t.schema.json of the project hides the one of uni_modules/p',
    ])
  })

  test('the same name in two plug-ins is an error that names both places', async () => {
    const inPlugin = (name: string) => ({
      [`uni_modules/${name}/uniCloud/cloudfunctions/f/index.js`]: '',
      [`uni_modules/${name}/uniCloud/cloudfunctions/common/m/index.js`]: '',
      [`uni_modules/${name}/uniCloud/database/t.schema.json`]: '',
      [`uni_modules/${name}/uniCloud/database/db_init.json`]: '',
    })
    await using project = await tempProject({ ...inPlugin('p'), ...inPlugin('q') })
    const { problems } = await project.read()
    const place = (plugin: string, rest: string) => project.file(`uni_modules/${plugin}/uniCloud/${rest}`)
    expect(lines(problems)).toEqual(
      [
        ['function f', 'cloudfunctions/f'],
        ['public module m', 'cloudfunctions/common/m'],
        ['database file t.schema.json', 'database/t.schema.json'],
      ].map(
        ([title, rest = '']) => `error: ${title} exists twice: ${place('p', rest)} and ${place('q', rest)}`,
      ),
    )
  })

  test('one URL path for two functions is an error that names both, and where', async () => {
    const pkg = '{\n  "cloudfunction-config": {\n    "path": "/a/"\n  }\n}'
    await using project = await tempProject({
      'cloudfunctions/f/index.js': '',
      'cloudfunctions/f/package.json': pkg.replace('/a/', '/a'),
      'cloudfunctions/g/index.js': '',
      'cloudfunctions/g/package.json': pkg,
    })
    const { problems } = await project.read()
    expect(lines(problems)).toEqual(['error: URL path /a is claimed by both f and g (3:13)'])
    expect(problems[0]?.where?.file).toBe(project.file('cloudfunctions/g/package.json'))
  })
})
