import { afterAll, beforeAll, expect, it } from 'vitest'
import { config, type Door, openDoor } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

const chinese = 'token校验未通过'
const english = 'Check token failed'

it.each([
  ['zh-Hans', chinese],
  ['zh-CN', chinese],
  ['zh_CN', chinese],
  ['zh-Hant', chinese],
  ['zh-TW', chinese],
  ['en', english],
  ['en-US', english],
  ['EN', english],
  ['ja', chinese],
  ['es', chinese],
  // As uniCloud.initI18n has it: no language is English.
  ['', english],
  [undefined, english],
  // The project's own language.
  ['fr', 'Jeton refusé'],
  ['fr-CA', 'Jeton refusé'],
])('in %s', async (locale, errMsg) => {
  const options = { clientInfo: locale === undefined ? {} : { locale }, config }
  expect(await door.result('checkToken', ['x'], { options })).toEqual({
    errCode: 'uni-id-check-token-failed',
    errMsg,
    code: 30202,
  })
})

it.each([
  ['missing', 'uni-id-account-not-exists', '此账号未注册', 'Account does not exists'],
  [1, 'uni-id-account-banned', '请联系店铺', 'Account has been banned'],
  [2, 'uni-id-account-auditing', '此账号正在审核中', 'Account audit in progress'],
  [3, 'uni-id-account-audit-failed', '此账号审核失败', 'Account audit failed'],
  [4, 'uni-id-account-closed', '此账号已注销', 'Account has been closed'],
])('an account that is %s', async (status, errCode, zh, en) => {
  const uid = status === 'missing' ? 'nobody' : await door.uid({ status })
  for (const [locale, errMsg] of [
    ['zh-Hans', zh],
    ['en', en],
  ]) {
    const options = { clientInfo: { locale }, config }
    expect(await door.result('createToken', [{ uid }], { options })).toEqual({ errCode, errMsg })
  }
})

it.each(['zh-TW', 'fr', 'ja'])(
  '%s gets the Chinese of the project where it has no text of its own',
  async (locale) => {
    const uid = await door.uid({ status: 1 })
    const answer = await door.result('createToken', [{ uid }], {
      options: { clientInfo: { locale }, config },
    })
    expect(answer).toMatchObject({ errMsg: '请联系店铺' })
  },
)

it('names the parameter that is missing, also where the project speaks only for itself', async () => {
  const ask = async (locale: string) => {
    const options = { clientInfo: { locale }, config }
    return (await door.result('createToken', [{}], { options })).errMsg
  }
  expect(await ask('zh-Hans')).toBe('缺少参数: uid')
  expect(await ask('en')).toBe('Parameter required: uid')
  expect(await ask('fr')).toBe('缺少参数: uid')
})
