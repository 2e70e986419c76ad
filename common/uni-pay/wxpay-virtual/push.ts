/** The message push: WeChat calls the address that the developer has entered (spec/payment-platforms.md §8.4). */
import { createDecipheriv } from 'node:crypto'
import { type Fields, fieldsOf, isFields } from '../naming.ts'
import type { Notification } from '../notify-event.ts'
import { parseXmlTree } from '../xml.ts'
import type { Merchant } from './merchant.ts'
import { isSame, pushSignature } from './signature.ts'

/** The event, or why it is not believed. */
export type Push = { event: Fields } | { refused: string }

/** Only the encrypted part counts; what compatible mode sends beside it is anybody's. */
export function openPush({ body, query }: Notification, { token, aesKey, appId }: Merchant): Push {
  const { Encrypt: sealed } = readBody(body)
  if (typeof sealed !== 'string')
    return { refused: 'it is not encrypted; choose compatible or secure mode for the message push' }
  const { timestamp = '', nonce = '', msg_signature } = query
  if (!isSame(msg_signature, pushSignature(token, timestamp, nonce, sealed)))
    return { refused: 'its msg_signature is wrong; token is probably not that of the message push' }
  const opened = decrypted(sealed, aesKey)
  if (!opened)
    return { refused: 'it cannot be decrypted; encodingAESKey is probably not that of the message push' }
  if (opened.appId !== appId) return { refused: `appId不匹配: it is for ${opened.appId}` }
  return { event: readBody(opened.message) }
}

/** The event's name as it stands in the open; to be believed by nobody. */
export function claimedEvent({ body }: Notification): unknown {
  return readBody(body).Event
}

/** WeChat checks an address by asking it to repeat a text. */
export function isAddressCheck({ body, query }: Notification): boolean {
  return query.echostr !== undefined && body === ''
}

// internals

function readBody(text: string): Fields {
  try {
    return text.trimStart().startsWith('<') ? parseXmlTree(text) : fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}

/** 16 random bytes, length, message, app id; filled up to a multiple of 32 bytes. */
function decrypted(sealed: string, key: Buffer): { message: string; appId: string } | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const bytes = Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()])
    const filling = bytes.at(-1) ?? 0
    const content = bytes.subarray(16, bytes.length - filling)
    const end = 4 + content.readUInt32BE(0)
    if (filling < 1 || filling > 32 || end > content.length) return undefined
    return { message: content.toString('utf8', 4, end), appId: content.toString('utf8', end) }
  } catch {
    return undefined
  }
}

/** `OutTradeNo` -> `outTradeNo`, at every depth. */
export function pascalToCamel(value: unknown): unknown {
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      pascalToCamel(member),
    ]),
  )
}
