import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientInfo, config, type Door, openDoor, payloadOf, startSeconds } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

it('custom-token.js adds to every token', async () => {
  const uid = await door.uid({ plan: 'gold' })
  const token = await door.token(uid)
  expect(Object.keys(payloadOf(token))).toEqual([
    'uid',
    'role',
    'permission',
    'plan',
    'uniIdVersion',
    'iat',
    'exp',
  ])
  expect(await door.result('checkToken', [token])).toMatchObject({ uid, plan: 'gold' })
  await door.update(uid, { plan: 'silver' })
  const renewed = await door.result('refreshToken', [{ token }])
  expect(payloadOf(renewed.token)).toMatchObject({ plan: 'silver' })
})

it.each([
  ['marks', { marked: true }],
  ['later', { later: true }],
  ['breaksTimes', { uniIdVersion: '1.0.19', iat: startSeconds, exp: startSeconds + 7200 }],
])('an interceptor takes its place: %s', async (interceptor, expected) => {
  const uid = await door.uid()
  const payload = payloadOf(await door.token(uid, { interceptor }))
  expect(payload).toMatchObject({ uid, ...expected })
  expect(payload).not.toHaveProperty('plan')
})

it('an interceptor also works when checkToken renews', async () => {
  const uid = await door.uid()
  const options = { clientInfo, config: { ...config, tokenExpiresThreshold: 3600 } }
  const token = await door.token(uid, { options })
  await door.space.clock.advance({ seconds: 3601 })
  const answer = await door.result('checkToken', [token], { options, interceptor: 'marks' })
  expect(payloadOf(answer.token)).toMatchObject({ marked: true })
})

it.each([
  ['throws', 'Error: no token today', undefined],
  ['notAFunction', 'Error: Invalid custom token file', 'must export a function'],
  ['losesUid', 'Error: Invalid custom token: it has no uid', 'return the object it was given'],
  ['nothing', 'Error: Invalid custom token: it has no uid', 'return the object it was given'],
])('an interceptor that fails fails the call: %s', async (interceptor, thrown, mend) => {
  const uid = await door.uid()
  const answer = await door.ask('createToken', [{ uid }], { interceptor })
  expect(answer.thrown).toBe(thrown)
  if (mend) expect(answer.mend).toContain(mend)
})
