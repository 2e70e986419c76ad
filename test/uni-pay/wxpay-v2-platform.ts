/** The other side of WeChat Pay V2, written from the platform's documentation and not from our client. */
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './fake-client.ts'
import { constants, key } from './material.ts'

type Texts = Record<string, string | number>

const { appid, mchid, v2_key } = constants('wechat')

export const options = {
  appId: String(appid),
  mchId: String(mchid),
  key: String(v2_key),
  pfx: Buffer.from(key('wechat_merchant_p12_base64'), 'base64'),
}

export function signed(fields: Texts, type = 'MD5', apiKey = String(v2_key)): Texts {
  const text = Object.keys(fields)
    .filter((name) => fields[name] !== '')
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .concat(`key=${apiKey}`)
    .join('&')
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', apiKey)
  return { ...fields, sign: hash.update(text).digest('hex').toUpperCase() }
}

export function xml(fields: Texts, root = 'xml'): string {
  const content = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
  return `<${root}>\n${content.join('\n')}\n</${root}>`
}

/** A signed answer; `return_code` and `result_code` are SUCCESS unless the fields say otherwise. */
export function answer(fields: Texts, type = 'MD5', apiKey?: string): FakeAnswer {
  const all = { return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: String(appid) }
  return ok(xml(signed({ ...all, mch_id: String(mchid), nonce_str: 'n', ...fields }, type, apiKey)))
}

export function ok(data: string): FakeAnswer {
  return { status: 200, data }
}

/** The request's fields, when its signature is good. */
export function fieldsOf(request: FakeRequest): Record<string, string> {
  const pairs = [...request.body.matchAll(/<(\w+)><!\[CDATA\[(.*?)\]\]><\/\1>/gs)]
  const { sign, ...fields } = Object.fromEntries(pairs.map(([, name, value]) => [name, value]))
  const expected = signed(fields, fields.sign_type ?? 'MD5').sign
  if (sign !== expected) throw new Error(`the request is signed ${sign}, expected ${expected}`)
  return fields
}

export function refundBody(content: Texts, outer: Texts = {}, apiKey = String(v2_key)): string {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(apiKey).digest('hex'), null)
  const sealed = cipher.update(xml(content, 'root'), 'utf8', 'base64') + cipher.final('base64')
  const fields = { return_code: 'SUCCESS', appid: String(appid), mch_id: String(mchid), nonce_str: 'n' }
  return xml({ ...fields, ...outer, req_info: sealed })
}
