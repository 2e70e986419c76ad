import { describe, expect, it } from 'vitest'
import { cases, expectedAnswer } from './cases.ts'
import { guest } from './guest.ts'

const versions = 'opendb-app-versions'
const apps = 'opendb-app-list'
const admin = { errCode: 0, code: 0, uid: 'u1', role: ['admin'], permission: [] }
const editor = { errCode: 0, code: 0, uid: 'u2', role: ['editor'], permission: ['UPDATE_OPENDB_APP_LIST'] }
const nobody = { errCode: 0, code: 0, uid: 'u3', role: [], permission: ['READ_OPENDB_APP_LIST'] }

describe('as the official function', () => {
  it.each(cases)('$id $title', async (one) => {
    const { object, context } = await guest({ [versions]: one.rows })
    const http = one.channel === 'http' ? { http: one.event as never } : {}
    const answer = await object._onCall.call(context({ client: one.context, ...http }), one.event as never)
    expect(answer).toEqual(expectedAnswer(one))
  })

  it.each([[{}], [{ action: 'unknown' }], [{ data: {} }], ['text'], [[]]])(
    '%j: nothing to do',
    async (event) => {
      const { object, context } = await guest()
      expect(await object._onCall.call(context(), event as never)).toEqual({})
    },
  )

  it('takes the query of a GET, where everything is a string', async () => {
    const row = { appid: 'a', platform: ['Android'], stable_publish: true, create_date: 1 }
    const native = { ...row, _id: 'n', type: 'native_app', version: '1.1.0' }
    const wgt = { ...row, _id: 'w', type: 'wgt', version: '1.2.0', min_uni_version: '1.0.0' }
    const { object, context } = await guest({ [versions]: [native, wgt] })
    const query = {
      action: 'checkVersion',
      appid: 'a',
      appVersion: '1.0.0',
      wgtVersion: '1.0.0',
      is_uniapp_x: 'true',
    }
    const event = { httpMethod: 'GET', headers: {}, queryStringParameters: query, body: '', path: '/' }
    expect(await object._onCall.call(context({ http: event, client: { OS: 'ios' } }), event)).toMatchObject({
      code: 101,
      _id: 'w',
    })
  })

  it('understands a base64 body, and refuses one that is not an object', async () => {
    const { object, context } = await guest({ [versions]: [] })
    const text = JSON.stringify({ action: 'checkVersion', appid: 'a', appVersion: '1', wgtVersion: '1' })
    const event = { httpMethod: 'POST', headers: {}, queryStringParameters: {}, path: '/' }
    const coded = { ...event, body: Buffer.from(text).toString('base64'), isBase64Encoded: true }
    expect(await object._onCall.call(context({ http: coded }), coded)).toMatchObject({ code: -101 })
    for (const body of ['', '5', 'null']) {
      const bad = { ...event, body, isBase64Encoded: false }
      expect(await object._onCall.call(context({ http: bad }), bad)).toEqual({ code: 500, msg: '请求错误' })
    }
  })

  it.each(['data', 'params'])('finds apps and versions, parameters in "%s"', async (where) => {
    const { object, context } = await guest({
      [apps]: [{ _id: 'x', appid: 'a', name: 'A' }],
      [versions]: [
        {
          _id: '1',
          appid: 'a',
          platform: ['iOS'],
          type: 'native_app',
          version: '1',
          stable_publish: true,
          create_date: 1,
        },
        {
          _id: '2',
          appid: 'a',
          platform: 'iOS',
          type: 'native_app',
          version: '0.9',
          stable_publish: true,
          create_date: 2,
        },
        {
          _id: '3',
          appid: 'a',
          platform: ['iOS'],
          type: 'wgt',
          version: '9',
          stable_publish: true,
          create_date: 3,
        },
        {
          _id: '4',
          appid: 'a',
          platform: ['iOS'],
          type: 'native_app',
          version: '8',
          stable_publish: false,
          create_date: 4,
        },
      ],
    })
    const call = async (action: string, parameters: object) =>
      await object._onCall.call(context(), { action, [where]: parameters })
    expect(await call('getAppInfo', { appid: 'a' })).toEqual({
      success: true,
      _id: 'x',
      appid: 'a',
      name: 'A',
    })
    expect(await call('getAppInfo', { appid: 'b' })).toEqual({ success: false })
    expect(await call('getAppVersionInfo', { appid: 'a', platform: 'iOS' })).toMatchObject({
      _id: '2',
      success: true,
    })
    expect(await call('getAppVersionInfo', { appid: 'a', platform: 'Android' })).toEqual({ success: false })
  })

  it.each([
    ['no appid', {}],
    ['an operator for an appid', { appid: { $exists: true } }],
    ['null', { appid: null }],
  ])('%s finds nothing and never reaches the database', async (_, parameters) => {
    const { object, context, conditions } = await guest({
      [apps]: [{ appid: 'a' }],
      [versions]: [{ appid: 'a' }],
    })
    for (const action of ['getAppInfo', 'getAppVersionInfo']) {
      const data = { platform: 'iOS', ...parameters }
      expect(await object._onCall.call(context(), { action, data })).toEqual({ success: false })
    }
    const check = { action: 'checkVersion', appVersion: '1', wgtVersion: '1', ...parameters }
    expect((await object._onCall.call(context(), check)).code).toBe(
      'appid' in parameters && parameters.appid ? -101 : -102,
    )
    expect(conditions).toEqual([])
  })
})

describe('as the official function, with a permission', () => {
  const change = { action: 'setNewAppData', data: { id: 'x', value: { _id: 'x', appid: 'a', name: 'new' } } }
  const deletion = { action: 'deleteFile', data: { fileList: ['cloud://f'] } }

  it.each([
    ['admin', admin, true],
    ['who holds it', editor, true],
    ['who does not', nobody, false],
  ])('%s', async (_, identity, granted) => {
    const { object, context, tables, checks } = await guest(
      { [apps]: [{ _id: 'x', name: 'old', remark: 'r' }] },
      identity,
    )
    const answer = await object._onCall.call(context(), { ...change, uniIdToken: 't1' })
    expect(answer).toEqual(
      granted ? { affectedDocs: 1, updated: 1, upsertedId: null } : { errMsg: '权限不足', success: false },
    )
    expect(checks).toEqual([{ token: 't1', autoRefresh: false }])
    const now = { _id: 'x', appid: 'a', name: 'new', create_date: expect.any(Number) }
    expect(tables[apps]).toEqual([granted ? now : { _id: 'x', name: 'old', remark: 'r' }])
  })

  it('deletes files', async () => {
    const { object, context, deletedFiles } = await guest({}, admin)
    const answer = await object._onCall.call(context({ token: 't' }), deletion)
    expect(answer).toEqual({ fileList: [{ fileID: 'cloud://f', code: 'SUCCESS' }] })
    expect(deletedFiles).toEqual(['cloud://f'])
    const denied = await guest({}, editor)
    expect(await denied.object._onCall.call(denied.context({ token: 't' }), deletion)).toMatchObject({
      success: false,
    })
    expect(denied.deletedFiles).toEqual([])
  })

  it('a bad token: code and errCode, the text is lost', async () => {
    const identity = { errCode: 'uni-id-token-expired', errMsg: 'expired', code: 30203 }
    const { object, context } = await guest({}, identity)
    expect(await object._onCall.call(context(), change)).toEqual({
      errCode: 'uni-id-token-expired',
      code: 30203,
      success: false,
    })
  })

  it('no uni-id-common in the project: says what to add', async () => {
    const { object, context } = await guest({})
    const answer = await object._onCall.call(context(), change)
    expect(answer).toMatchObject({ errCode: 'uni-upgrade-center-uni-id-missing', success: false })
    expect(answer.errMsg).toContain('add the public module uni-id-common')
  })

  it('a uni-id that is not configured says so itself', async () => {
    const { object, context } = await guest({}, new Error('Invalid uni-id config file'))
    await expect(object._onCall.call(context(), change)).rejects.toThrow('Invalid uni-id config file')
  })
})

describe('as an object', () => {
  const request = { appid: 'a', appVersion: '1.0.0', wgtVersion: '1.0.0' }

  it.each(cases.filter(({ channel }) => channel === 'client'))('$id checkVersion', async (one) => {
    const { object, context } = await guest({ [versions]: one.rows })
    const self = context({ method: 'checkVersion', client: one.context })
    expect(await object.checkVersion.call(self, one.event)).toEqual(expectedAnswer(one))
  })

  it('without arguments', async () => {
    const { object, context } = await guest({}, admin)
    const self = context({ method: 'x' })
    expect(await object.checkVersion.call(self, undefined as never)).toMatchObject({ code: -102 })
    expect(await object.getAppInfo(undefined as never)).toEqual({ success: false })
    expect(await object.getAppVersionInfo(undefined as never)).toEqual({ success: false })
    await expect(object.setNewAppData.call(self, undefined as never)).rejects.toMatchObject({
      errCode: 'uni-upgrade-center-param-required',
      errMsg: expect.stringContaining('id'),
    })
    await expect(object.deleteFile.call(self, {} as never)).rejects.toMatchObject({
      errMsg: expect.stringContaining('fileList'),
    })
  })

  it('answers changes in the response format, with the renewed token', async () => {
    const renewed = { ...admin, token: 't2', tokenExpired: 5 }
    const { object, context, checks } = await guest({ [apps]: [] }, renewed)
    const self = context({ method: 'setNewAppData', token: 't1' })
    expect(await object.setNewAppData.call(self, { id: 'x', value: { name: 'n' } })).toEqual({
      errCode: 0,
      affectedDocs: 1,
      updated: 1,
      upsertedId: null,
      newToken: { token: 't2', tokenExpired: 5 },
    })
    expect(checks).toEqual([{ token: 't1', autoRefresh: true }])
  })

  it.each([
    [nobody, { errCode: 'uni-upgrade-center-permission-denied', errMsg: '权限不足' }],
    [
      { errCode: 'uni-id-check-token-failed', errMsg: 'token校验未通过', code: 30202 },
      { errCode: 'uni-id-check-token-failed', errMsg: 'token校验未通过', code: 30202 },
    ],
    [
      undefined,
      { errCode: 'uni-upgrade-center-uni-id-missing', errMsg: expect.stringContaining('uni-id-common') },
    ],
  ])('refusals too', async (identity, expected) => {
    const { object, context, deletedFiles } = await guest({}, identity)
    const self = context({ method: 'deleteFile', token: 't' })
    expect(await object.deleteFile.call(self, { fileList: ['f'] })).toEqual({
      errSubject: 'uni-upgrade-center',
      success: false,
      ...expected,
    })
    expect(deletedFiles).toEqual([])
  })

  it('by URL the JSON body joins the query', async () => {
    const { object, context } = await guest()
    const http = {
      httpMethod: 'POST',
      headers: {},
      queryStringParameters: { appid: 'q', more: '1' },
      body: JSON.stringify(request),
      isBase64Encoded: false,
    }
    const params: unknown[] = [http.queryStringParameters]
    await object._before.call(context({ method: 'checkVersion', params, http }))
    expect(params).toEqual([{ ...request, more: '1' }])
  })

  it.each([
    ['GET', '{oops', 'checkVersion', true],
    ['POST', '', 'checkVersion', true],
    ['POST', '{oops', '_onCall', true],
    ['POST', '{oops', 'checkVersion', false],
  ])('%s with the body "%s" for %s', async (httpMethod, body, method, fine) => {
    const { object, context } = await guest()
    const http = { httpMethod, headers: {}, queryStringParameters: {}, body, isBase64Encoded: false }
    const done = object._before.call(context({ method, params: [{}], http }))
    if (fine) await expect(done).resolves.toBeUndefined()
    else await expect(done).rejects.toMatchObject({ errCode: 'uni-upgrade-center-invalid-body' })
  })
})
