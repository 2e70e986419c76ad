import { createPublicKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { expect } from 'vitest'
import { AppleIapPayment } from '../../../common/uni-pay/apple/client.ts'
import { bearer } from '../../../common/uni-pay/apple/server-api.ts'
import { constants, key, privateKey, type Row } from '../material.ts'
import type { Check } from './check.ts'

const { key_id, issuer_id, bundle_id } = constants('apple')
const client = new AppleIapPayment({ bundleId: String(bundle_id), rootCertContent: key('apple_root_cert') })

export const apple: Record<string, Check> = {
  'apple-api-jwt': async ({ input, expected }) => {
    const key = privateKey('apple_api_key_p8')
    const names = { keyId: String(key_id), issuerId: String(issuer_id), bundleId: String(bundle_id) }
    const now = Number((input.payload as Row).iat) * 1000
    const own = await bearer({ ...names, privateKey: key }, now)
    expect(decodeProtectedHeader(own)).toEqual(input.header)
    expect(decodeJwt(own)).toEqual(input.payload)
    for (const token of [own, String(expected.jwt)]) {
      const { payload } = await jwtVerify(token, createPublicKey(key), { currentDate: new Date(now) })
      expect(payload).toEqual(input.payload)
    }
  },

  'apple-signed-transaction': async ({ input, expected }) => {
    expect(await client.verifyTransaction(expected.jws)).toEqual(input.payload)
  },

  'apple-notification-v2': async ({ input, expected }) => {
    const { data, ...rest } = input.payload as Row & { data: Row }
    const { signedTransactionInfo, ...about } = data
    expect(await client.verifyServerNotification({ body: String(expected.body) })).toEqual({
      ...rest,
      data: { ...about, transactionInfo: await client.verifyTransaction(signedTransactionInfo) },
    })
  },
}
