/** The module as functions get it: by `require`, in an instance of a space, with its own packages. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSpace, type TestSpace } from '../../test-kit/index.ts'
import { type Row, signedAt, vector } from './material.ts'
import { merchantOptions } from './wxpay-v3-platform.ts'

let space: TestSpace
beforeAll(async () => {
  const project = fileURLToPath(new URL('../fixtures/uni-pay', import.meta.url))
  space = await createSpace({ project, now: signedAt })
})
afterAll(() => space.close())

async function ask(call: Row): Promise<{ result?: unknown; thrown?: Row }> {
  return (await space.importObject('pay').ask?.(call)) as { result?: unknown; thrown?: Row }
}

describe('inside a space', () => {
  it('exports', async () => {
    expect(await space.importObject('pay').exports?.()).toEqual([
      'initAlipay',
      'initWeixin',
      'initWeixinV3',
      'initWeixinVirtualPayment',
    ])
  })

  it.each<[string, Row, string[]]>([
    [
      'initWeixinV3',
      merchantOptions,
      [
        'checkNotifyType',
        'closeOrder',
        'constructor',
        'downloadBill',
        'downloadFundflow',
        'getOrderInfo',
        'orderQuery',
        'refund',
        'refundQuery',
        'verifyPaymentNotify',
        'verifyRefundNotify',
      ],
    ],
  ])('%s has these methods and no others', async (init, options, methods) => {
    expect(await ask({ init, options })).toEqual({ result: methods })
  })

  it('errors cross as they are', async () => {
    const { headers, body } = vector('wx-v3-pay-notify').expected
    const event = { headers: { ...(headers as Row), 'Wechatpay-Serial': 'PUB_KEY_ID_X' }, body }
    const { thrown } = await ask({
      init: 'initWeixinV3',
      options: merchantOptions,
      call: 'verifyPaymentNotify',
      params: [event],
    })
    expect(thrown).toMatchObject({ name: 'UniPayError', errCode: 'SIGN_ERROR', provider: 'wxpay-v3' })
    expect(thrown?.message).toContain('signed with public key PUB_KEY_ID_X')
  })
})
