/**
 * The table `opendb-open-data`: session keys and access tokens of WeChat mini programs, under the same keys as
 * uni-open-bridge uses (spec/uni-pay.md §3.9).
 */

export async function readSessionKey(appId: string, openid: string): Promise<string | undefined> {
  return await read(sessionId(appId, openid), 'session_key')
}

export async function keepSessionKey(appId: string, openid: string, session_key: string): Promise<void> {
  await keep(sessionId(appId, openid), { session_key }, 30 * 24 * 3600)
}

export async function readAccessToken(appId: string): Promise<string | undefined> {
  return await read(tokenId(appId), 'access_token')
}

/** @param seconds how long it may be used */
export async function keepAccessToken(appId: string, access_token: string, seconds: number): Promise<void> {
  await keep(tokenId(appId), { access_token }, seconds)
}

/**
 * Ties a purchase in the App Store to an order, once and for all: a receipt does not say which order it is for.
 *
 * @returns whether it is this order's
 */
export async function bindPurchase(transactionId: string, outTradeNo: string): Promise<boolean> {
  const table = uniCloud.database().collection('opendb-open-data')
  const _id = `uni-pay:appleiap:${transactionId}`
  try {
    await table.add({ _id, value: outTradeNo, expired: -1 })
    return true
  } catch (error) {
    const { data } = await table.where({ _id }).limit(1).get()
    if (data.length === 0) throw error
    return data[0]?.value === outTradeNo
  }
}

// internals

function sessionId(appId: string, openid: string): string {
  return `uni-id:weixin-mp:${appId}:${openid}:session-key`
}

function tokenId(appId: string): string {
  return `uni-id:weixin-mp:${appId}:access-token`
}

async function read(id: string, member: string): Promise<string | undefined> {
  const { data } = await uniCloud.database().collection('opendb-open-data').where({ _id: id }).limit(1).get()
  const { value, expired } = data[0] ?? {}
  if (typeof expired === 'number' && expired >= 0 && expired <= Date.now()) return undefined
  const found = contentOf(value)[member]
  return typeof found === 'string' ? found : undefined
}

/** uni-open-bridge writes JSON text, other users of the table the object. */
function contentOf(value: unknown): UniCloudGuest.Row {
  try {
    const content: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return typeof content === 'object' && content !== null ? (content as UniCloudGuest.Row) : {}
  } catch {
    return {}
  }
}

async function keep(id: string, value: object, seconds: number): Promise<void> {
  await uniCloud
    .database()
    .collection('opendb-open-data')
    .doc(id)
    .set({ value: JSON.stringify(value), expired: Date.now() + seconds * 1000 })
}
