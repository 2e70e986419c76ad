/** The module as part of a project: who gets it, its files, its tables, and the object of ours that needs it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../test-kit/index.ts'
import { createSpace } from '../../test-kit/index.ts'
import { clientInfo, type Door, openDoor, payloadOf, type Row } from './door.ts'

const shop = { appId: '__UNI__SHOP', platform: 'web', locale: 'en' }
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A project of files: path below `uniCloud-aliyun` -> content. */
async function space(files: Record<string, string | object>) {
  const project = await mkdtemp(path.join(tmpdir(), 'uni-id-'))
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(project, 'uniCloud-aliyun', name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  const made = await createSpace({ project })
  cleanups.push(async () => {
    await made.close()
    await rm(project, { recursive: true, force: true })
  })
  return made
}

const asker = {
  'cloudfunctions/ask/package.json': { dependencies: { 'uni-id-common': 'file:../common/uni-id-common' } },
  'cloudfunctions/ask/index.js': `
    exports.main = async (event, context) => {
      try {
        return await require('uni-id-common').createInstance({ context })[event.call](event.parameter)
      } catch (error) {
        return { thrown: error.name + ': ' + error.message, mend: error.cause }
      }
    }`,
}
const center = 'cloudfunctions/common/uni-config-center/uni-id'

describe('a project without a uni-id-common of its own', () => {
  let door: Door
  const as = (client: Row, uniIdToken?: string): Caller =>
    door.space.as({ clientInfo: client as never, ...(uniIdToken === undefined ? {} : { uniIdToken }) })
  const signIn = async (uid: string, client: Row = shop) =>
    (await as(client).importObject('account').login?.(uid)) as { token: string; tokenExpired: number }

  beforeAll(async () => {
    door = await openDoor()
  })
  afterAll(() => door.close())

  it('has no problems, neither in itself nor in what ships with us', () => {
    const { manifest } = door.space.space
    expect(manifest.problems).toEqual([])
    expect(Object.values(manifest.functions).flatMap(({ problems }) => problems)).toEqual([])
    expect(manifest.modules['uni-id-common']).toMatchObject({ origin: 'builtin' })
  })

  it('signs in to an object and is known to a function and to a URL', async () => {
    const uid = await door.uid({ plan: 'gold' })
    const { token } = await signIn(uid)
    const known = { errCode: 0, uid, role: [], plan: 'gold' }
    expect(await as(shop, token).importObject('account').whoAmI?.()).toMatchObject(known)
    expect(await as(shop, token).callFunction('who')).toMatchObject(known)
    const response = await door.space.request('/who', { headers: { authorization: token } })
    expect(await response.json()).toMatchObject(known)
  })

  it('gives each platform and application its own', async () => {
    const uid = await door.uid()
    const lifetime = async (client: Row) => {
      const { iat, exp } = payloadOf((await signIn(uid, client)).token) as { iat: number; exp: number }
      return exp - iat
    }
    expect(await lifetime(shop)).toBe(3600)
    expect(await lifetime({ ...shop, platform: 'app-plus' })).toBe(2592000)
    expect(await lifetime({ ...shop, platform: 'mp-weixin' })).toBe(7200)
    expect(await lifetime({ ...shop, appId: 'unknown' })).toBe(600)
    const { token } = await signIn(uid)
    const elsewhere = as({ ...shop, appId: '__UNI__DESK' }, token)
      .importObject('account')
      .whoAmI?.()
    await expect(elsewhere).rejects.toMatchObject({ errCode: 'uni-id-check-token-failed' })
  })

  it('knows nobody without a token', async () => {
    await expect(as(shop).importObject('account').whoAmI?.()).rejects.toMatchObject({
      errCode: 'uni-id-check-token-failed',
      errMsg: 'Check token failed',
    })
  })

  it('renews near the end and ends with the clock', async () => {
    const uid = await door.uid()
    const { token } = await signIn(uid)
    await door.space.clock.advance({ seconds: 2401 })
    const renewed = (await as(shop, token).importObject('account').whoAmI?.()) as Row
    expect(renewed).toMatchObject({ uid, tokenExpired: door.space.clock.now().getTime() + 3_600_000 })
    await door.space.clock.advance({ seconds: 1200 })
    await expect(as(shop, token).importObject('account').whoAmI?.()).rejects.toMatchObject({
      errCode: 'uni-id-token-expired',
    })
    const going = as(shop, String(renewed.token)).importObject('account').whoAmI?.()
    expect(await going).toMatchObject({ uid })
  })

  it('has the tables: ids that are unique, and the role admin', async () => {
    const db = await door.space.db()
    const admin = await db.collection('uni-id-roles').where({ role_id: 'admin' }).get()
    expect(admin).toMatchObject({ data: [{ role_id: 'admin', permission: [] }] })
    const database = await door.space.space.database()
    const unique = async (listIndexes: string) => {
      const reply = await database.command(door.space.space.databaseName, { listIndexes })
      const { firstBatch } = reply.cursor as { firstBatch: { key: object; unique?: boolean }[] }
      return firstBatch.filter((index) => index.unique).map(({ key }) => Object.keys(key).join())
    }
    expect(await unique('uni-id-roles')).toEqual(['role_id'])
    expect(await unique('uni-id-permissions')).toEqual(['permission_id'])
    expect(await unique('uni-id-users')).toEqual([])
    const seeded = await db
      .collection('uni-id-permissions')
      .where({ permission_id: 'READ_OPENDB_APP_LIST' })
      .count()
    expect(seeded).toMatchObject({ total: 1 })
  })

  it('lets the upgrade center tell who may change things', async () => {
    await door.space.seed({
      'uni-id-roles': [{ role_id: 'publisher', permission: ['UPDATE_OPENDB_APP_LIST'] }],
      'opendb-app-list': [{ _id: 'app', appid: 'a', name: 'old' }],
    })
    const change = async (role: string[]) => {
      const { token } = await signIn(await door.uid({ role }))
      const upgrades = as(shop, token).importObject('uni-upgrade-center')
      return await upgrades.setNewAppData?.({ id: 'app', value: { appid: 'a', name: role.join() } })
    }
    await expect(change([])).rejects.toMatchObject({ errCode: 'uni-upgrade-center-permission-denied' })
    expect(await change(['publisher'])).toMatchObject({ errCode: 0 })
    expect(await change(['admin'])).toMatchObject({ errCode: 0 })
    const stranger = as(shop).importObject('uni-upgrade-center').setNewAppData?.({ id: 'app', value: {} })
    await expect(stranger).rejects.toMatchObject({ errCode: 'uni-id-check-token-failed' })
  })
})

describe('other projects', () => {
  it('a uni-id-common of the project wins, also for what ships with us', async () => {
    const own = 'cloudfunctions/common/uni-id-common'
    const made = await space({
      ...asker,
      [`${own}/package.json`]: { name: 'uni-id-common' },
      [`${own}/index.js`]: `
        const checkToken = async () => ({ errCode: 'own-answer', errMsg: 'ours' })
        exports.createInstance = () => ({ checkToken })`,
    })
    expect(await made.callFunction('ask', { call: 'checkToken' })).toMatchObject({ errCode: 'own-answer' })
    const upgrades = made.as({ clientInfo: clientInfo as never }).importObject('uni-upgrade-center')
    await expect(upgrades.setNewAppData?.({ id: 'a', value: {} })).rejects.toMatchObject({
      errCode: 'own-answer',
    })
    const ours = made.space.manifest.databaseFiles.filter(({ collection }) => collection === 'uni-id-users')
    expect(ours).toEqual([])
    expect(made.space.manifest.problems).toEqual([])
  })

  it.each<[string, Record<string, string | object>, string, string]>([
    [
      'no configuration',
      {},
      'Error: Invalid uni-id config file',
      'create uni-config-center/uni-id/config.json',
    ],
    [
      'configuration of another plug-in',
      { [`${center}/../other/config.json`]: {} },
      'Error: Invalid uni-id config file',
      'create',
    ],
    [
      'not an object',
      { [`${center}/config.json`]: '"text"' },
      'Error: Invalid uni-id config file',
      'must hold an object',
    ],
    [
      'a custom-token.js without a function',
      { [`${center}/config.json`]: { tokenSecret: 's' }, [`${center}/custom-token.js`]: 'exports.a = 1' },
      'Error: Invalid custom token file',
      'must export a function',
    ],
  ])('%s', async (_name, files, thrown, mend) => {
    const made = await space({ ...asker, ...files })
    await made.seed({ 'uni-id-users': [{ _id: 'u' }] })
    const answer = await made.callFunction<Row>('ask', { call: 'createToken', parameter: { uid: 'u' } })
    expect(answer).toEqual({ thrown, mend: expect.stringContaining(mend) })
  })

  it('configuration that is not JSON says where', async () => {
    const made = await space({ ...asker, [`${center}/config.json`]: '{\n  "tokenSecret": hidden\n}' })
    const answer = await made.callFunction<Row>('ask', { call: 'checkToken' })
    expect(answer.thrown).toMatch(/^SyntaxError: .*config\.json/)
  })

  it('a custom-token.js that misses a package says so', async () => {
    const made = await space({
      ...asker,
      [`${center}/config.json`]: { tokenSecret: 's' },
      [`${center}/custom-token.js`]: "require('not-there')",
    })
    await made.seed({ 'uni-id-users': [{ _id: 'u' }] })
    const answer = await made.callFunction<Row>('ask', { call: 'createToken', parameter: { uid: 'u' } })
    expect(answer.thrown).toContain("Cannot find module 'not-there'")
  })

  it('configuration of the older module uni-id', async () => {
    const made = await space({
      ...asker,
      'cloudfunctions/ask/package.json': {
        dependencies: { 'uni-id-common': 'file:../common/uni-id-common', 'uni-id': 'file:../common/uni-id' },
      },
      'cloudfunctions/common/uni-id/package.json': { name: 'uni-id' },
      'cloudfunctions/common/uni-id/config.json': { tokenSecret: 's' },
    })
    expect(await made.callFunction('ask', { call: 'checkToken', parameter: 'x' })).toMatchObject({
      errCode: 'uni-id-check-token-failed',
    })
  })
})
