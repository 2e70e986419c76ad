/** The other side of Huawei Pay, written from the platform's documentation and not from our client. */
import { createPublicKey, constants as padding, verify } from 'node:crypto'
import crypto from 'sm-crypto'
import type { HuaweiOptions } from '../../common/uni-pay/huawei/merchant.ts'
import type { FakeAnswer, FakeRequest } from './fake-client.ts'
import { constants, key, type Row } from './material.ts'

const { merc_no, app_id, auth_id } = constants('huawei')

export const options: HuaweiOptions = {
  appId: String(app_id),
  mchId: String(merc_no),
  mchAuthId: String(auth_id),
  clientType: 'mp-harmony',
  mchPrivateKey: key('huawei_merchant_private_pkcs8'),
  platformPublicKey: key('huawei_platform_sm2_public_hex'),
}

export function content(value: unknown): string {
  if (Array.isArray(value)) return value.map(content).join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .filter(([name, member]) => member !== null && name !== 'sign' && name !== 'headerSign')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${name}=${content(member)}`)
    .join('&')
}

export function signed(value: Row, privateKey = key('huawei_platform_sm2_private_hex')): Row {
  const hex = crypto.sm2.doSignature([...Buffer.from(content(value))], privateKey, { der: true, hash: true })
  return { ...value, sign: Buffer.from(hex, 'hex').toString('base64') }
}

export function answer(value: Row): FakeAnswer {
  return {
    status: 200,
    data: JSON.stringify(signed({ resultCode: '000000', resultDesc: 'Success.', ...value })),
  }
}

export function isMerchantSign(text: string, sign: unknown): boolean {
  const merchant = createPublicKey(key('huawei_merchant_public_spki'))
  const options = { key: merchant, padding: padding.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return verify('sha256', Buffer.from(text), options, Buffer.from(String(sign), 'base64'))
}

/** The request's body, when it is signed as it has to be. */
export function bodyOf({ method, path, headers, body }: FakeRequest): Row {
  const auth = JSON.parse(String(headers.paymercauth)) as Row
  const fields = method === 'GET' ? {} : (JSON.parse(body) as Row)
  if (auth.callerId !== merc_no || auth.authId !== auth_id) throw new Error('wrong caller')
  if (Math.abs(Number(auth.time) - Date.now()) > 300_000) throw new Error('wrong time')
  if (!isMerchantSign(method === 'GET' ? path : content(fields), auth.bodySign))
    throw new Error('wrong bodySign')
  if (!isMerchantSign(content(auth), auth.headerSign)) throw new Error('wrong headerSign')
  return fields
}
