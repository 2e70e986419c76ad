import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { config, type Door, forge, openDoor, type Row, startSeconds } from './door.ts'

let door: Door
/** Content of a token that holds when the file starts. */
const payload = {
  uid: 'u',
  role: ['r'],
  permission: ['P'],
  uniIdVersion: '1.0.19',
  iat: startSeconds,
  exp: startSeconds + 7200,
}
const refused = { errCode: 'uni-id-check-token-failed', errMsg: 'Check token failed', code: 30202 }
const expired = {
  errCode: 'uni-id-token-expired',
  errMsg: 'The login status is invalid, token has expired',
  code: 30203,
}
const noAccount = { errCode: 'uni-id-account-not-exists', errMsg: 'Account does not exists' }

beforeAll(async () => {
  door = await openDoor()
  await door.space.seed({ 'uni-id-roles': [{ role_id: 'r', permission: ['P', 'Q'] }] })
})
afterAll(() => door.close())

describe('a token by itself', () => {
  const { uniIdVersion: _, ...content } = payload
  const good = forge(payload)
  const two = good.split('.').slice(0, 2).join('.')
  it.each<[string, unknown, Row]>([
    ['good', good, { code: 0, errCode: 0, ...content }],
    ['with members of its own', forge({ ...payload, plan: 'x' }), { plan: 'x' }],
    [
      'other order and more in the header',
      forge(payload, { header: { kid: '1', typ: 'JWT', alg: 'HS256' } }),
      { uid: 'u' },
    ],
    ['both lists empty', forge({ ...payload, role: [], permission: [] }), { role: [], permission: [] }],
    ['one second left, no renewal asked', forge({ ...payload, exp: startSeconds + 1 }), { uid: 'u' }],
    ['expires this very moment', forge({ ...payload, exp: startSeconds }), { uid: 'u' }],
    ['expired', forge({ ...payload, exp: startSeconds - 1 }), expired],
    ['expired and of another secret', forge({ ...payload, exp: 1 }, { secret: 'x' }), refused],
    ['another secret', forge(payload, { secret: 'x' }), refused],
    ['two parts', two, refused],
    ['four parts', `${good}.x`, refused],
    ['no signature', `${two}.`, refused],
    ['padding', `${good}=`, refused],
    ['white space', ` ${good}`, refused],
    ['alg none', forge(payload, { header: { alg: 'none', typ: 'JWT' } }), refused],
    [
      'alg none, unsigned',
      `${forge(payload, { header: { alg: 'none', typ: 'JWT' } })
        .split('.')
        .slice(0, 2)
        .join('.')}.`,
      refused,
    ],
    ['alg HS512', forge(payload, { header: { alg: 'HS512', typ: 'JWT' } }), refused],
    ['no typ', forge(payload, { header: { alg: 'HS256' } }), refused],
    ['typ in lower case', forge(payload, { header: { alg: 'HS256', typ: 'jwt' } }), refused],
    ['header not JSON', forge(payload, { header: 'x' }), refused],
    ['header null', forge(payload, { header: 'null' }), refused],
    ['payload not JSON', forge('x'), refused],
    ['payload null', forge('null'), refused],
    ['empty', '', refused],
    ['missing', null, refused],
    ['a number', 5, refused],
    ['an object', { token: good }, refused],
  ])('%s', async (_name, token, expected) => {
    expect(await door.result('checkToken', [token, { autoRefresh: false }])).toMatchObject(expected)
  })

  it('is answered in this shape', async () => {
    const answer = await door.result('checkToken', [good])
    expect(answer).toEqual({ code: 0, errCode: 0, ...content })
    expect(await door.result('checkToken', ['x'])).toEqual(refused)
  })

  it('is checked by the header of the pair, not by its name', async () => {
    const sessions = [config, { ...config, tokenSecret: 'other' }]
    const codes = sessions.map(async (one) => {
      const options = { context: { PLATFORM: 'web' }, config: one }
      return (await door.result('checkToken', [good], { options })).errCode
    })
    expect(await Promise.all(codes)).toEqual([0, refused.errCode])
  })
})

describe('without the lists, as the older uni-id made tokens', () => {
  it('reads them from the database', async () => {
    const uid = await door.uid({ role: ['r'] })
    const { role: _r, permission: _p, uniIdVersion: _v, ...bare } = { ...payload, uid }
    const answer = { code: 0, errCode: 0, ...bare, role: ['r'], permission: ['P', 'Q'] }
    expect(await door.result('checkToken', [forge(bare)])).toEqual(answer)
    expect(await door.result('checkToken', [forge(bare), { autoRefresh: false }])).toEqual(answer)
    const banned = await door.uid({ status: 1 })
    expect(await door.result('checkToken', [forge({ ...bare, uid: banned })])).toMatchObject({
      errCode: 'uni-id-account-banned',
    })
  })

  it('with one of the lists, reads nothing', async () => {
    const { role: _, ...half } = payload
    expect(await door.result('checkToken', [forge(half)])).toMatchObject({ errCode: 0, permission: ['P'] })
  })

  it.each([[undefined], [{ $ne: null }], ['nobody']])('uid %j finds nobody', async (uid) => {
    const { role: _r, permission: _p, ...bare } = payload
    expect(await door.result('checkToken', [forge({ ...bare, uid })])).toEqual(noAccount)
  })
})

describe('near its end', () => {
  it('is answered with a new one beside', async () => {
    const read = await door.user({ role: ['r'] })
    const uid = String((await read())._id)
    const near = forge({ ...payload, uid, permission: ['old'], exp: startSeconds + 1199 })
    await door.update(uid, { token: [near] })
    const answer = await door.result('checkToken', [near])
    expect(answer).toMatchObject({ errCode: 0, permission: ['old'], exp: startSeconds + 1199 })
    expect(answer.tokenExpired).toBe((startSeconds + 7200) * 1000)
    expect((await read()).token).toEqual([near, answer.token])
    expect(await door.result('checkToken', [answer.token])).toMatchObject({ permission: ['P', 'Q'] })
    expect(await door.result('checkToken', [near, { autoRefresh: false }])).not.toHaveProperty('token')
    const options = { clientInfo: {}, config: { ...config, tokenExpiresThreshold: 0 } }
    expect(await door.result('checkToken', [near], { options })).not.toHaveProperty('token')
  })

  it('exactly the threshold left is not near', async () => {
    const token = forge({ ...payload, exp: startSeconds + 1200 })
    expect(await door.result('checkToken', [token])).not.toHaveProperty('token')
  })

  it.each([
    ['missing', undefined, true],
    ['not a version', 'x', true],
    ['1.0.9', '1.0.9', true],
    ['1.0.10', '1.0.10', false],
    ['1.0.19', '1.0.19', false],
    ['1.1.0', '1.1.0', false],
    ['2.0.0', '2.0.0', false],
  ])('a token that the user record lacks, version %s', async (_name, uniIdVersion, holds) => {
    const uid = await door.uid({ token: ['another'] })
    const token = forge({ ...payload, uid, uniIdVersion, exp: startSeconds + 5 })
    const answer = await door.result('checkToken', [token])
    if (holds) expect(answer).toMatchObject({ errCode: 0, uid, token: expect.any(String) })
    else expect(answer).toEqual(refused)
  })

  it.each<[string, Row, Row]>([
    ['banned', { status: 1 }, { errCode: 'uni-id-account-banned', errMsg: 'Account has been banned' }],
    [
      'being reviewed',
      { status: 2 },
      { errCode: 'uni-id-account-auditing', errMsg: 'Account audit in progress' },
    ],
    ['refused', { status: 3 }, { errCode: 'uni-id-account-audit-failed', errMsg: 'Account audit failed' }],
    ['closed', { status: 4 }, { errCode: 'uni-id-account-closed', errMsg: 'Account has been closed' }],
    [
      'banned, before its tokens are looked at',
      { status: 1, token: [] },
      { errCode: 'uni-id-account-banned' },
    ],
    ['signed out', { token: [] }, refused],
    ['password changed', { valid_token_date: startSeconds * 1000 + 1 }, expired],
    ['signed out and password changed', { token: [], valid_token_date: startSeconds * 1000 + 1 }, refused],
    ['password changed before', { valid_token_date: startSeconds * 1000 }, { errCode: 0 }],
    ['no status', { status: null }, { errCode: 0 }],
    ['unknown status', { status: 9 }, { errCode: 0 }],
  ])('a user who is %s shows now, not before', async (_name, fields, expected) => {
    const uid = await door.uid()
    const long = forge({ ...payload, uid })
    const near = forge({ ...payload, uid, exp: startSeconds + 5 })
    await door.update(uid, { token: [near, long], ...fields })
    expect(await door.result('checkToken', [long])).toMatchObject({ errCode: 0, uid })
    expect(await door.result('checkToken', [near])).toMatchObject(expected)
    await door.update(uid, { token: [near, long], ...fields })
    expect(await door.result('refreshToken', [{ token: long }])).toMatchObject(expected)
  })

  it('of a user who is gone', async () => {
    const near = forge({ ...payload, uid: 'gone', exp: startSeconds + 5 })
    expect(await door.result('checkToken', [near])).toEqual(noAccount)
  })
})
