import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { packageRoot } from '../../runtime/package-info.ts'
import { temporaryFolder } from '../cli/run-cli.ts'

/** The package as npm publishes it, installed into a project; only its dependencies are borrowed from here. */
let project: string

beforeAll(async () => {
  project = await temporaryFolder()
  // The build is there already (test/build-once.ts).
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project]
  execFileSync('npm', pack, { cwd: packageRoot, stdio: ['ignore', 'ignore', 'inherit'] })
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? ''
  execFileSync('tar', ['-xzf', tarball], { cwd: project })
  const installed = path.join(project, 'node_modules', 'unicloud-local')
  await mkdir(path.dirname(installed))
  await rename(path.join(project, 'package'), installed)
  await symlink(path.join(packageRoot, 'node_modules'), path.join(installed, 'node_modules'))
}, 60_000)

const run = (...args: string[]): string => {
  const main = path.join(project, 'node_modules', 'unicloud-local', 'dist', 'cli', 'main.js')
  return execFileSync(process.execPath, [main, ...args], { cwd: project, encoding: 'utf8', stdio: 'pipe' })
}

test('init, and a call of what it wrote', () => {
  run('init', 'shop')
  expect(
    JSON.parse(run('run', 'todo.add', '--params', '{"title":"milk"}', '--project', 'shop')),
  ).toMatchObject({
    title: 'milk',
  })
})

test('built-in cloud objects are in the package', () => {
  const params = '[{"appid":"__UNI__X","appVersion":"1.0.0","wgtVersion":"1.0.0"}]'
  const result = run('run', 'uni-upgrade-center.checkVersion', '--params', params, '--project', 'shop')
  expect(JSON.parse(result)).toEqual({ code: -101, message: '暂无更新或检查appid是否填写正确' })
})

test('the test kit is an import away', async () => {
  const script = `
    import { defineConfig } from 'unicloud-local'
    import { createSpace } from 'unicloud-local/test'
    const space = await createSpace(defineConfig({ project: 'shop' }))
    console.log(JSON.stringify(await space.callFunction('greet', { name: 'Ada' })))
    await space.close()
  `
  await writeFile(path.join(project, 'use.mjs'), script)
  const output = execFileSync(process.execPath, ['use.mjs'], { cwd: project, encoding: 'utf8' })
  expect(JSON.parse(output)).toEqual({ hello: 'Ada', from: 'server' })
})

test('types: of what init wrote, of every member of uniCloud, of the test kit', async () => {
  await writeFile(
    path.join(project, 'shop', 'uniCloud-aliyun', 'cloudfunctions', 'todo', 'members.ts'),
    `export const use = async (id: string) => {
      await uniCloud.getPushManager({ appId: id }).sendMessage({ title: 'a' })
      await uniCloud.httpProxyForEip.get('https://api.weixin.qq.com')
      uniCloud.customAuth().createTicket(id).length
      await uniCloud.webSocketServer().send(id, { a: 1 })
      await uniCloud.getFacialRecognitionVerifyManager({ requestId: id }).getCertifyId({})
      uniCloud.connectSocket({ url: 'ws://x' }).onMessage(({ data }) => data.length)
      return uniCloud.getExtStorageManager({ provider: 'qiniu', domain: 'x' }).getDomains()
    }`,
  )
  await writeFile(
    path.join(project, 'use.mts'),
    `import { createSpace } from 'unicloud-local/test'
    const space = await createSpace({ project: 'shop' })
    const db = await space.db()
    export const titles: unknown[] = (await db.collection('todo').get()).data.map((row) => row.title)
    export const total: number = (await db.collection('todo').count()).total
    export const { id } = await db.collection('todo').add({ title: 'milk' })`,
  )
  const config = {
    compilerOptions: { strict: true, module: 'nodenext', target: 'es2022', noEmit: true, types: ['node'] },
    files: ['use.mts'],
  }
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(config))
  await symlink(
    path.join(packageRoot, 'node_modules', '@types'),
    path.join(project, 'node_modules', '@types'),
  )
  const tsc = path.join(packageRoot, 'node_modules', '.bin', 'tsc')
  // As `npm pack` makes them; the build of the tests leaves declarations out.
  const declarations = path.join(project, 'node_modules', 'unicloud-local', 'dist', 'types')
  execFileSync(tsc, ['-p', 'tsconfig.types.json', '--outDir', declarations], { cwd: packageRoot })
  const check = (folder: string) => spawnSync(tsc, ['-p', folder], { cwd: project, encoding: 'utf8' }).stdout
  expect(check('shop/uniCloud-aliyun/cloudfunctions')).toBe('')
  expect(check('.')).toBe('')
}, 60_000)
