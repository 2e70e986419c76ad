import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientInfo, config, type Door, openDoor, payloadOf, type Row } from './door.ts'

let door: Door
let uid: string

beforeAll(async () => {
  door = await openDoor()
  uid = await door.uid()
})
afterAll(() => door.close())

/** The life of a token tells which part of the configuration was used. */
async function lifetime(file: unknown, client: Row = {}): Promise<unknown> {
  const options = { clientInfo: client, config: file }
  const { result, thrown } = await door.ask('createToken', [{ uid }], { options })
  if (!result) return thrown
  const { iat, exp } = payloadOf(result.token) as { iat: number; exp: number }
  return exp - iat
}

describe('applications', () => {
  const a = { dcloudAppid: 'A', tokenSecret: 'a', tokenExpiresIn: 3001 }
  const b = { dcloudAppid: 'B', tokenSecret: 'b', tokenExpiresIn: 3002, isDefaultConfig: true }
  const notFound = (appId: string) =>
    `Error: Config for current app (${appId}) was not found, please check your config file or client appId`
  it.each<[string, unknown, string | undefined, unknown]>([
    ['a list, first entry', [a, b], 'A', 3001],
    ['a list, second entry', [a, b], 'B', 3002],
    ['a list, unknown app: the default entry', [a, b], 'C', 3002],
    ['a list, no app: the default entry', [a, b], undefined, 3002],
    ['a list, empty app: the default entry', [a, b], '', 3002],
    ['two default entries: the first', [{ ...a, isDefaultConfig: true }, b], 'C', 3001],
    ['no default entry', [a], 'C', notFound('C')],
    ['no default entry, no app', [a], undefined, notFound('undefined')],
    ['an empty list', [], 'A', notFound('A')],
    ['a list as an object', { 0: a, 1: b }, 'A', 3001],
    ['a list as an object, unknown app', { 0: a, 1: b }, 'C', 3002],
    ['a single entry serves every app', { ...a }, 'C', 3001],
  ])('%s', async (_name, file, appId, expected) => {
    expect(await lifetime(file, appId === undefined ? {} : { appId })).toBe(expected)
  })

  it('have secrets of their own', async () => {
    const asked = (appId: string) => ({ options: { clientInfo: { appId }, config: [a, b] } })
    const token = await door.token(uid, asked('A'))
    expect(await door.result('checkToken', [token], asked('A'))).toMatchObject({ errCode: 0 })
    expect(await door.result('checkToken', [token], asked('B'))).toMatchObject({ code: 30202 })
  })
})

describe('platforms', () => {
  const file = {
    ...config,
    app: { tokenExpiresIn: 3001 },
    web: { tokenExpiresIn: 3002 },
    'app-plus': { tokenExpiresIn: 3003 },
    h5: { tokenExpiresIn: 3004 },
    'mp-weixin': { tokenExpiresIn: 3005 },
    'app-android': { tokenExpiresIn: 3006 },
    'app-harmony': { tokenExpiresIn: 3007 },
    'quickapp-webview': { tokenExpiresIn: 3008 },
  }
  const { app: _a, web: _w, ...older } = file
  it.each<[string | undefined, unknown, number]>([
    ['app', file, 3001],
    ['app-plus', file, 3001],
    ['app-android', file, 3001],
    ['app-ios', file, 3001],
    ['app-harmony', file, 3007],
    ['web', file, 3002],
    ['h5', file, 3002],
    ['mp-weixin', file, 3005],
    ['mp-alipay', file, 7200],
    ['quickapp-webview', file, 3008],
    ['quickapp-webview-union', file, 7200],
    ['toString', file, 7200],
    ['', file, 7200],
    [undefined, file, 7200],
    ['app', older, 3003],
    ['app-android', older, 3003],
    ['web', older, 3004],
    ['h5', { ...older, web: { oauth: {} } }, 3004],
    ['web', { ...older, preferedWebPlatform: 'h5', web: { tokenExpiresIn: 3002 } }, 3002],
  ])('%s', async (platform, entry, expected) => {
    expect(await lifetime(entry, platform === undefined ? {} : { platform })).toBe(expected)
  })

  it('may have a secret, a threshold and a number of tokens of their own', async () => {
    const read = await door.user({})
    const own = { tokenSecret: 'w', tokenExpiresIn: 100, tokenExpiresThreshold: 40, maxTokenLength: 1 }
    const options = { clientInfo, config: { ...config, web: own } }
    const id = String((await read())._id)
    await door.token(id, { options })
    const token = await door.token(id, { options })
    expect((await read()).token).toEqual([token])
    expect(await door.result('checkToken', [token])).toMatchObject({ code: 30202 })
    await door.space.clock.advance({ seconds: 61 })
    expect(await door.result('checkToken', [token], { options })).toHaveProperty('token')
  })
})

describe('mistakes', () => {
  const missing = (name: string) =>
    `Error: Config parameter missing, ${name} is required, please check your config file uniCloud/cloudfunctions/common/uni-config-center/uni-id/config.json`
  const tooLong = 'Error: Config error, tokenExpiresThreshold should be less than tokenExpiresIn'
  it.each<[string, Row, unknown]>([
    ['nothing but a secret', { tokenSecret: 's' }, 7200],
    ['empty', {}, missing('tokenSecret')],
    ['no secret', { tokenExpiresIn: 7200 }, missing('tokenSecret')],
    ['an empty secret', { ...config, tokenSecret: '' }, missing('tokenSecret')],
    ['no lifetime', { ...config, tokenExpiresIn: 0 }, missing('tokenExpiresIn')],
    ['lifetime null', { ...config, tokenExpiresIn: null }, missing('tokenExpiresIn')],
    ['lifetime shorter than the default threshold', { tokenSecret: 's', tokenExpiresIn: 600 }, tooLong],
    ['threshold as long as the lifetime', { ...config, tokenExpiresThreshold: 7200 }, tooLong],
    ['no threshold', { tokenSecret: 's', tokenExpiresIn: 600, tokenExpiresThreshold: 0 }, 600],
    ['threshold null', { tokenSecret: 's', tokenExpiresIn: 600, tokenExpiresThreshold: null }, 600],
    [
      'lifetime in quotes',
      { ...config, tokenExpiresIn: '7200' },
      'Error: Config error, tokenExpiresIn should be a number of seconds',
    ],
    [
      'secret without quotes',
      { ...config, tokenSecret: 5 },
      'Error: Config error, tokenSecret should be a string',
    ],
  ])('%s', async (_name, file, expected) => {
    expect(await lifetime(file)).toBe(expected)
  })

  it.each(['checkToken', 'createToken', 'refreshToken'])(
    'come with a way to mend them (%s)',
    async (call) => {
      const options = { clientInfo: {}, config: [] }
      expect(await door.ask(call, [{}], { options })).toEqual({
        thrown: expect.stringContaining('Config for current app (undefined) was not found'),
        mend: expect.stringContaining('isDefaultConfig'),
      })
    },
  )

  it('a long threshold is allowed, with a warning', async () => {
    expect(await lifetime({ ...config, tokenExpiresThreshold: 4000 })).toBe(7200)
    expect(door.space.logs('account').map(({ text }) => text)).toContainEqual(
      expect.stringContaining('tokenExpiresThreshold 4000 is more than half of tokenExpiresIn 7200'),
    )
  })
})

describe('who is calling', () => {
  it.each<[string, unknown]>([
    ['nothing', {}],
    ['null', { clientInfo: null, context: null }],
    ['only a configuration', { config }],
  ])('%s', async (_name, options) => {
    expect((await door.ask('checkToken', ['x'], { options })).thrown).toMatch(
      /^TypeError: .*context.*clientInfo/,
    )
  })

  it('a context is read by its own names, and counts before clientInfo', async () => {
    const file = { ...config, web: { tokenExpiresIn: 3001 }, app: { tokenExpiresIn: 3002 } }
    const context = { PLATFORM: 'h5', LOCALE: 'zh-Hans', CLIENTIP: '9.9.9.9', platform: 'app' }
    const read = await door.user({})
    const options = { context, clientInfo: { platform: 'app', locale: 'en' }, config: file }
    const { token } = await door.result('createToken', [{ uid: (await read())._id }], { options })
    const { iat, exp } = payloadOf(token) as { iat: number; exp: number }
    expect(exp - iat).toBe(3001)
    expect((await read()).last_login_ip).toBe('9.9.9.9')
    expect(await door.result('checkToken', ['x'], { options })).toMatchObject({ errMsg: 'token校验未通过' })
  })

  it('finds nothing else on the module and on an instance', async () => {
    expect(await door.space.importObject('account').exposed?.({ clientInfo: {}, config })).toEqual({
      module: ['createInstance'],
      instance: ['checkToken', 'createInstance', 'createToken', 'refreshToken', 'setInterceptor'],
      hidden: [],
    })
  })
})
