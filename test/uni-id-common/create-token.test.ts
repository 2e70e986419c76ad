import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientInfo, config, type Door, forge, openDoor, parts, payloadOf, type Row } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
  await door.space.seed({
    'uni-id-roles': [
      { role_id: 'seller', permission: ['SELL', 'READ'] },
      { role_id: 'buyer', permission: ['BUY', 'READ'] },
      { role_id: 'idle' },
    ],
  })
})
afterAll(() => door.close())

const seconds = () => Math.floor(door.space.clock.now().getTime() / 1000)

describe('createToken', () => {
  it('makes the documented token, byte for byte', async () => {
    const uid = await door.uid({ role: ['seller'] })
    const { token, ...rest } = await door.result('createToken', [{ uid }])
    const [header, payload] = parts(token)
    const [iat, exp] = [seconds(), seconds() + 7200]
    expect(rest).toEqual({ errCode: 0, tokenExpired: door.space.clock.now().getTime() + 7200_000 })
    expect(header).toBe('{"alg":"HS256","typ":"JWT"}')
    expect(payload).toBe(
      `{"uid":"${uid}","role":["seller"],"permission":["SELL","READ"],"plan":"free","uniIdVersion":"1.0.19","iat":${iat},"exp":${exp}}`,
    )
    expect(forge(payload)).toBe(token)
  })

  it('names a permission of several roles once', async () => {
    const { token } = await door.result('createToken', [
      { uid: await door.uid({ role: ['seller', 'buyer'] }) },
    ])
    expect((payloadOf(token).permission as string[]).sort()).toEqual(['BUY', 'READ', 'SELL'])
  })

  it('whole seconds inside, milliseconds outside', async () => {
    await door.space.clock.advance({ ms: 999 })
    const { token, tokenExpired } = await door.result('createToken', [{ uid: await door.uid() }])
    expect(payloadOf(token).iat).toBe(seconds())
    expect(tokenExpired).toBe(door.space.clock.now().getTime() + 7200_000)
  })

  it.each<[string, Row, Row, unknown, unknown]>([
    ['no roles', {}, {}, [], []],
    ['roles null', { role: null }, {}, [], []],
    ['a role nobody defined', { role: ['x'] }, {}, ['x'], []],
    ['a role without permissions', { role: ['idle', 'buyer'] }, {}, ['idle', 'buyer'], ['BUY', 'READ']],
    ['an administrator', { role: ['admin', 'seller'] }, {}, ['admin', 'seller'], []],
    ['both lists given', { role: ['seller'] }, { role: ['a'], permission: ['B'] }, ['a'], ['B']],
    ['both lists given, empty', { role: ['seller'] }, { role: [], permission: [] }, [], []],
    ['only roles given', { role: ['buyer'] }, { role: ['a'] }, ['buyer'], ['BUY', 'READ']],
    ['only permissions given', { role: ['buyer'] }, { permission: ['B'] }, ['buyer'], ['BUY', 'READ']],
  ])('%s', async (_name, fields, given, role, permission) => {
    const uid = await door.uid(fields)
    const { token } = await door.result('createToken', [{ uid, ...given }])
    expect(payloadOf(token)).toMatchObject({ uid, role, permission })
  })

  it.each<[string, unknown[]]>([
    ['no parameter', []],
    ['no uid', [{}]],
    ['an empty uid', [{ uid: '' }]],
  ])('%s', async (_name, params) => {
    expect(await door.result('createToken', params)).toEqual({
      errCode: 'uni-id-param-required',
      errMsg: 'Parameter required: uid',
    })
  })

  it('refuses who may not sign in, and a condition in place of a uid', async () => {
    const banned = await door.uid({ status: 1 })
    expect(await door.result('createToken', [{ uid: banned }])).toMatchObject({
      errCode: 'uni-id-account-banned',
    })
    for (const uid of ['nobody', { $ne: 1 }, ['x']]) {
      expect(await door.result('createToken', [{ uid }])).toMatchObject({
        errCode: 'uni-id-account-not-exists',
      })
    }
  })
})

describe("the user's record", () => {
  it('gets the token, the address and the time', async () => {
    const read = await door.user({ nickname: 'n' })
    const token = await door.token(String((await read())._id))
    expect(await read()).toMatchObject({
      nickname: 'n',
      token: [token],
      last_login_ip: '10.0.0.7',
      last_login_date: door.space.clock.now().getTime(),
    })
  })

  it('keeps the address when a call has none', async () => {
    const read = await door.user({ last_login_ip: '1.1.1.1' })
    await door.token(String((await read())._id), { options: { clientInfo: {}, config } })
    expect((await read()).last_login_ip).toBe('1.1.1.1')
  })

  it('loses tokens that no longer hold, and nothing else', async () => {
    const now = seconds()
    const read = await door.user({})
    const uid = String((await read())._id)
    const spent = forge({ uid, iat: now - 9000, exp: now - 1 })
    const endless = forge({ uid, iat: now })
    const other = forge({ uid, iat: now, exp: now + 5 }, { secret: 'older secret' })
    const early = forge({ uid, iat: now - 100, exp: now + 5 })
    await door.update(uid, { token: [spent, endless, 'no token', other, early] })
    expect(await door.token(uid)).toBe(((await read()).token as string[]).at(-1))
    expect((await read()).token).toEqual([endless, 'no token', other, early, expect.any(String)])
    await door.update(uid, { token: [spent, other, early], valid_token_date: (now - 50) * 1000 })
    await door.token(uid)
    expect((await read()).token).toEqual([other, expect.any(String)])
  })

  it.each([
    ['10 by default', {}, 10],
    ['as many as the configuration says', { maxTokenLength: 2 }, 2],
    ['a number in quotes', { maxTokenLength: '2' }, 2],
    ['none', { maxTokenLength: 0 }, 0],
  ])('keeps the newest tokens: %s', async (_name, extra, kept) => {
    const now = seconds()
    const old = Array.from({ length: 12 }, (_, n) => forge({ n, iat: now, exp: now + 60 }))
    const read = await door.user({ token: old })
    const options = { clientInfo, config: { ...config, ...extra } }
    const token = await door.token(String((await read())._id), { options })
    expect((await read()).token).toEqual(kept === 0 ? [] : [...old, token].slice(-kept))
  })

  it.each([[null], ['text'], [{}]])('token %j counts as none', async (token) => {
    const read = await door.user({ token })
    const made = await door.token(String((await read())._id))
    expect((await read()).token).toEqual([made])
  })
})

describe('refreshToken', () => {
  it('reads the rights anew and keeps the old token', async () => {
    const read = await door.user({ role: ['buyer'] })
    const uid = String((await read())._id)
    const old = await door.token(uid)
    await door.space.clock.advance({ minutes: 1 })
    await door.update(uid, { role: ['seller'] })
    const { token, ...rest } = await door.result('refreshToken', [{ token: old }])
    expect(rest).toEqual({ errCode: 0, tokenExpired: door.space.clock.now().getTime() + 7200_000 })
    expect(payloadOf(token)).toMatchObject({ uid, role: ['seller'], permission: ['SELL', 'READ'] })
    expect((await read()).token).toEqual([old, token])
    expect(await door.result('checkToken', [old])).toMatchObject({ role: ['buyer'] })
  })

  it.each<[string, unknown[]]>([
    ['no parameter', []],
    ['no token', [{}]],
    ['an empty token', [{ token: '' }]],
  ])('%s', async (_name, params) => {
    expect(await door.result('refreshToken', params)).toEqual({
      errCode: 'uni-id-param-required',
      errMsg: 'Parameter required: token',
    })
  })

  it('is not for bad, spent or withdrawn tokens', async () => {
    const uid = await door.uid()
    const token = await door.token(uid)
    expect(await door.result('refreshToken', [{ token: 'x' }])).toMatchObject({ code: 30202 })
    await door.update(uid, { token: [] })
    expect(await door.result('checkToken', [token])).toMatchObject({ errCode: 0 })
    expect(await door.result('refreshToken', [{ token }])).toMatchObject({ code: 30202 })
    await door.space.clock.advance({ hours: 2, seconds: 1 })
    expect(await door.result('refreshToken', [{ token }])).toMatchObject({ code: 30203 })
  })
})
