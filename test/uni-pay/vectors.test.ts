/** Every vector of the conformance file, against the part of the module that it is about. */
import { describe, expect, it } from 'vitest'
import { useFakeClient } from './fake-client.ts'
import { vectors } from './material.ts'
import { alipay } from './vectors/alipay.ts'
import { apple } from './vectors/apple.ts'
import type { Check } from './vectors/check.ts'
import { huawei } from './vectors/huawei.ts'
import { notifyKey } from './vectors/notify-key.ts'
import { wxpayV2 } from './vectors/wxpay-v2.ts'
import { wxpayV3 } from './vectors/wxpay-v3.ts'
import { wxpayVirtual } from './vectors/wxpay-virtual.ts'

const fake = useFakeClient()
const checks: Record<string, Check> = {
  ...wxpayV3,
  ...wxpayV2,
  ...alipay,
  ...wxpayVirtual,
  ...apple,
  ...huawei,
  ...notifyKey,
}

describe('payment vectors', () => {
  it.each(vectors.map((vector) => [vector.id, vector] as const))('%s', async (id, vector) => {
    const check = checks[id]
    if (!check) throw new Error(`nothing is known about the vector ${id}`)
    expect.hasAssertions()
    await check(vector, fake.client)
  })
})
