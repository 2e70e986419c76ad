import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { lines, type TempProject, tempProject } from './temp-project.ts'

const ofProject = 'uniCloud-aliyun/cloudfunctions/common/uni-config-center'
const ofPlugin = (plugin: string) => `uni_modules/${plugin}/uniCloud/cloudfunctions/common/uni-config-center`
const shippedFiles = {
  'common/uni-config-center/index.js': 'shipped',
  'common/uni-config-center/package.json': '{}',
}

/** Relative path -> content. */
function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(dir, file), readFileSync(file, 'utf8')]),
  )
}

describe('uni-config-center', () => {
  const overlay = (project: TempProject) => path.join(project.data, 'overlay', 'uni-config-center')

  test.each([
    ['in the project', ofProject],
    ['in uni_modules', ofPlugin('uni-config-center')],
  ])('one copy %s is used where it lies', async (_, dir) => {
    await using shipped = await tempProject(shippedFiles)
    await using project = await tempProject({
      'uniCloud-aliyun/cloudfunctions/': '',
      [`${dir}/index.js`]: 'own',
      [`${dir}/uni-id/config.json`]: '{}',
    })
    const { modules, problems } = await project.read({ builtins: true, builtinRoots: [shipped.dir] })
    expect(modules['uni-config-center']).toMatchObject({ dir: project.file(dir) })
    expect(modules['uni-config-center']).not.toHaveProperty('sources')
    expect(problems).toEqual([])
  })

  test('copies are merged file by file; the project’s win, and differing ones are named', async () => {
    await using project = await tempProject({
      [`${ofProject}/uni-id/config.json`]: '"project"',
      [`${ofProject}/uni-pay/config.js`]: 'project',
      [`${ofProject}/uni-pay/cert/key.pem`]: 'project',
      [`${ofProject}/node_modules/x/index.js`]: 'not copied',
      [`${ofPlugin('uni-config-center')}/index.js`]: 'plug-in',
      [`${ofPlugin('uni-config-center')}/uni-id/config.json`]: '"plug-in"',
      [`${ofPlugin('uni-config-center')}/uni-id/hooks/index.js`]: 'plug-in',
      [`${ofPlugin('uni-stat')}/uni-stat/config.json`]: '"other plug-in"',
    })
    const { modules, problems } = await project.read()
    const sources = [ofProject, ofPlugin('uni-config-center'), ofPlugin('uni-stat')].map(project.file)
    expect(modules['uni-config-center']).toMatchObject({ dir: overlay(project), origin: 'project', sources })
    expect(contents(overlay(project))).toEqual({
      'index.js': 'plug-in',
      'uni-id/config.json': '"project"',
      'uni-id/hooks/index.js': 'plug-in',
      'uni-pay/config.js': 'project',
      'uni-pay/cert/key.pem': 'project',
      'uni-stat/config.json': '"other plug-in"',
    })
    const file = (dir: string) => project.file(`${dir}/uni-id/config.json`)
    expect(lines(problems)).toEqual([
      `warning: uni-config-center: ${file(ofProject)} is used instead of ${file(ofPlugin('uni-config-center'))}`,
    ])
  })

  test('the overlay follows edits, additions and removals', async () => {
    await using project = await tempProject({
      [`${ofProject}/uni-id/config.json`]: '1',
      [`${ofProject}/gone/deep/config.json`]: '1',
      [`${ofPlugin('p')}/index.js`]: 'code',
    })
    await project.read()
    rmSync(project.file(`${ofProject}/gone`), { recursive: true })
    await project.write({ [`${ofProject}/uni-id/config.json`]: '2', [`${ofProject}/new/config.json`]: '2' })
    await project.read()
    expect(contents(overlay(project))).toEqual({
      'index.js': 'code',
      'new/config.json': '2',
      'uni-id/config.json': '2',
    })
    // The module tells plug-ins apart by their folders.
    expect(readdirSync(overlay(project)).sort()).toEqual(['index.js', 'new', 'uni-id'])
  })

  test('configuration without code borrows ours; without ours that is a warning', async () => {
    await using shipped = await tempProject({
      ...shippedFiles,
      'common/uni-config-center/extra/config.json': '{}',
    })
    await using project = await tempProject({ [`${ofProject}/uni-id/config.json`]: '"own"' })
    const read = await project.read({ builtins: true, builtinRoots: [shipped.dir] })
    expect(read.problems).toEqual([])
    expect(contents(overlay(project))).toMatchObject({ 'index.js': 'shipped', 'uni-id/config.json': '"own"' })
    expect(lines((await project.read()).problems)).toEqual([
      'warning: uni-config-center holds configuration but no index.js, so nothing can require it',
    ])
  })

  test('a configuration that is not JSON is told with its place, and takes nothing else down', async () => {
    await using project = await tempProject({
      [`${ofProject}/index.js`]: 'code',
      [`${ofProject}/uni-id/config.json`]: '\uFEFF{ "a": 1 }',
      [`${ofProject}/uni-sms-co/config.json`]: '{\n  "smsKey": "k", // ours\n}',
      [`${ofProject}/uni-sms-co/certs/config.json`]: 'not read by the module',
    })
    expect((await project.read()).problems).toEqual([
      {
        severity: 'warning',
        message: 'the configuration of uni-sms-co is not valid JSON: comments are not allowed here',
        where: { file: project.file(`${ofProject}/uni-sms-co/config.json`), line: 2, column: 18 },
        hint: 'calls that read it fail',
      },
    ])
  })

  test('a state folder that cannot be made is told as such', async () => {
    await using project = await tempProject({
      '.unicloud-local': 'a file',
      [`${ofProject}/index.js`]: 'code',
      [`${ofPlugin('p')}/p/config.json`]: '{}',
    })
    await expect(project.read()).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: 'the state folder cannot be written: there is a file in its place (ENOTDIR)',
    })
  })

  test('none in the project: ours', async () => {
    await using shipped = await tempProject(shippedFiles)
    await using project = await tempProject({ 'uniCloud-aliyun/cloudfunctions/': '' })
    const { modules } = await project.read({ builtins: true, builtinRoots: [shipped.dir] })
    expect(modules['uni-config-center']).toMatchObject({
      dir: shipped.file('common/uni-config-center'),
      origin: 'builtin',
    })
  })
})
