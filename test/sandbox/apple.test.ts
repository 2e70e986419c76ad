/** Apple driven by `@apple/app-store-server-library`, over HTTP; its verifier checks every signature and chain. */

import { X509Certificate } from 'node:crypto'
import {
  AppStoreServerAPIClient,
  Environment,
  SignedDataVerifier,
  Status,
} from '@apple/app-store-server-library'
import { describe, expect, test } from 'vitest'
import { pem } from '../../sandbox/keys/certificate.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { type Started, startMerchant, startSandbox } from './start-sandbox.ts'

const { apple } = vectors.constants
const TOKEN = '7e3fb204-2c1a-4a3d-9c7e-0123456789ab'

interface Bought {
  transactionId: string
  jws: string
  receipt: string
}

/** The SDK's address is fixed; only its HTTP is replaced. */
class Client extends AppStoreServerAPIClient {
  readonly #origin: string
  readonly #host: string

  constructor(origin: string, environment: Environment, bundleId = apple.bundle_id) {
    const key = pem('PRIVATE KEY', Buffer.from(vectors.keys.apple_api_key_p8, 'base64'))
    super(key, apple.key_id, apple.issuer_id, bundleId, environment)
    this.#origin = origin
    this.#host =
      environment === Environment.PRODUCTION ? 'api.storekit.apple.com' : 'api.storekit-sandbox.apple.com'
  }

  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own signature
  protected override makeFetchRequest(path: string, query: any, method: string, body: any, headers: any) {
    const url = `${this.#origin}/_unicloud/sandbox/hosts/${this.#host}${path}?${new URLSearchParams(query)}`
    // biome-ignore lint/suspicious/noExplicitAny: fetch of Node and of node-fetch
    return fetch(url, { method, headers, body }) as Promise<any>
  }
}

function verifier(): SignedDataVerifier {
  const root = new X509Certificate(vectors.keys.apple_root_cert).raw
  return new SignedDataVerifier([root], false, Environment.SANDBOX, apple.bundle_id, apple.app_apple_id)
}

async function start() {
  const started = await startSandbox()
  const buy = (change: object = {}) =>
    started.control<Bought>('POST', '/purchases', {
      productId: 'coin6',
      quantity: 1,
      price: 6000,
      type: 'Consumable',
      appAccountToken: TOKEN,
      environment: 'Sandbox',
      ...change,
    })
  return { started, buy, client: new Client(started.origin, Environment.SANDBOX) }
}

async function receipt(started: Started, host: string, body: object): Promise<Record<string, never>> {
  const response = await fetch(`${started.origin}/verifyReceipt`, {
    method: 'POST',
    headers: { 'x-forwarded-host': host },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Record<string, never>
}

describe('server API', () => {
  test('a transaction, signed by a chain that the SDK accepts', async () => {
    const { buy, client } = await start()
    const { transactionId, jws } = await buy()
    expect(transactionId).toMatch(/^2000000\d{9}$/)
    const answer = await client.getTransactionInfo(transactionId)
    for (const signed of [jws, answer.signedTransactionInfo ?? '']) {
      expect(await verifier().verifyAndDecodeTransaction(signed)).toMatchObject({
        transactionId,
        originalTransactionId: transactionId,
        bundleId: apple.bundle_id,
        productId: 'coin6',
        quantity: 1,
        type: 'Consumable',
        appAccountToken: TOKEN,
        inAppOwnershipType: 'PURCHASED',
        environment: 'Sandbox',
        price: 6000,
        currency: 'CNY',
        storefront: 'CHN',
      })
    }
  })

  test.each([
    ['no number', 'abc', 400, 4000006],
    ['unknown', '2000000999999999', 404, 4040010],
  ])('%s', async (_name, id, httpStatusCode, apiError) => {
    const { client } = await start()
    await expect(client.getTransactionInfo(id)).rejects.toMatchObject({ httpStatusCode, apiError })
  })

  test('the other environment does not know it', async () => {
    const { started, buy } = await start()
    const { transactionId } = await buy({ environment: 'Production' })
    const sandbox = new Client(started.origin, Environment.SANDBOX)
    await expect(sandbox.getTransactionInfo(transactionId)).rejects.toMatchObject({ apiError: 4040010 })
    const live = new Client(started.origin, Environment.PRODUCTION)
    expect(await live.getTransactionInfo(transactionId)).toMatchObject({
      signedTransactionInfo: expect.anything(),
    })
  })

  test('a token that is none: 401, and the call log says why', async () => {
    const { started } = await start()
    const url = `${started.origin}/inApps/v1/transactions/1`
    const answer = await fetch(url, { headers: { authorization: 'Bearer a.b.c' } })
    expect(answer.status).toBe(401)
    expect((await answer.text()).trim()).toBe('Unauthenticated')
    const [call] = await started.control<object[]>('GET', '/requests')
    expect(call).toMatchObject({
      verification: { ok: false, reason: expect.stringContaining('the token is refused') },
    })
    const foreign = new Client(started.origin, Environment.PRODUCTION, 'com.example.other')
    await expect(foreign.getTransactionInfo('1')).rejects.toMatchObject({ httpStatusCode: 401 })
  })

  test('a subscription and its renewal: history and state', async () => {
    const { started, buy, client } = await start()
    const first = await buy({ type: 'Auto-Renewable Subscription', productId: 'vip' })
    const second = await buy({
      type: 'Auto-Renewable Subscription',
      productId: 'vip',
      originalTransactionId: first.transactionId,
    })
    const history = await client.getTransactionHistory(second.transactionId, null, {}, 'v2' as never)
    const decoded = await Promise.all(
      (history.signedTransactions ?? []).map((signed) => verifier().verifyAndDecodeTransaction(signed)),
    )
    expect(decoded).toMatchObject([
      { transactionId: first.transactionId, transactionReason: 'PURCHASE' },
      {
        transactionId: second.transactionId,
        transactionReason: 'RENEWAL',
        originalTransactionId: first.transactionId,
      },
    ])
    const state = () => client.getAllSubscriptionStatuses(first.transactionId)
    expect((await state()).data?.[0]?.lastTransactions?.[0]?.status).toBe(Status.ACTIVE)
    await started.control('POST', '/clock', { advance: '31d' })
    expect((await state()).data?.[0]?.lastTransactions?.[0]?.status).toBe(Status.EXPIRED)
  })

  test('refunded: the transaction carries the revocation', async () => {
    const { started, buy, client } = await start()
    const { transactionId } = await buy()
    await started.control('POST', '/refunds', { order: transactionId })
    const { signedTransactionInfo = '' } = await client.getTransactionInfo(transactionId)
    expect(await verifier().verifyAndDecodeTransaction(signedTransactionInfo)).toMatchObject({
      revocationDate: expect.any(Number),
    })
  })
})

describe('receipts', () => {
  test('verified where they belong, sent on where they do not', async () => {
    const { started, buy } = await start()
    const bought = await buy()
    const body = { 'receipt-data': bought.receipt, password: apple.shared_secret }
    expect(await receipt(started, 'sandbox.itunes.apple.com', body)).toMatchObject({
      status: 0,
      environment: 'Sandbox',
      receipt: {
        bundle_id: apple.bundle_id,
        in_app: [{ transaction_id: bought.transactionId, product_id: 'coin6', quantity: '1' }],
      },
    })
    expect(await receipt(started, 'buy.itunes.apple.com', body)).toMatchObject({ status: 21007 })
    const live = await buy({ environment: 'Production' })
    const liveBody = { 'receipt-data': live.receipt }
    expect(await receipt(started, 'buy.itunes.apple.com', liveBody)).toMatchObject({ status: 0 })
    expect(await receipt(started, 'sandbox.itunes.apple.com', liveBody)).toMatchObject({ status: 21008 })
  })

  test.each([
    ['no receipt', {}, 21002],
    ['rubbish', { 'receipt-data': 'AAAA' }, 21002],
    ['a foreign signature', { 'receipt-data': Buffer.from('a.e30.AAAA').toString('base64') }, 21003],
    ['a wrong secret', { password: 'x' }, 21004],
  ])('%s', async (_name, change, status) => {
    const { started, buy } = await start()
    const { receipt: data } = await buy()
    const body = status === 21004 ? { 'receipt-data': data, ...change } : change
    expect(await receipt(started, 'sandbox.itunes.apple.com', body)).toMatchObject({ status })
  })
})

describe('faults', () => {
  test('apple.wrongEnvironment', async () => {
    const { started, buy, client } = await start()
    const { transactionId, receipt: data } = await buy()
    const arm = () => started.control('POST', '/faults', { fault: 'apple.wrongEnvironment' })
    await arm()
    await expect(client.getTransactionInfo(transactionId)).rejects.toMatchObject({ apiError: 4040010 })
    await arm()
    expect(await receipt(started, 'buy.itunes.apple.com', { 'receipt-data': data })).toMatchObject({
      status: 21007,
    })
  })

  test.each(['api.badSignature', 'api.badSerial'])('%s: the SDK refuses the transaction', async (fault) => {
    const { started, buy, client } = await start()
    const { transactionId } = await buy()
    await started.control('POST', '/faults', { fault, match: { provider: 'appleiap' } })
    const { signedTransactionInfo = '' } = await client.getTransactionInfo(transactionId)
    await expect(verifier().verifyAndDecodeTransaction(signedTransactionInfo)).rejects.toThrow()
    expect(
      started.log.some(({ text }) => text.includes(`transactions ${transactionId} -> 200; fault ${fault}: `)),
    ).toBe(true)
    const again = await client.getTransactionInfo(transactionId)
    expect(await verifier().verifyAndDecodeTransaction(again.signedTransactionInfo ?? '')).toMatchObject({
      transactionId,
    })
  })

  test('apple.network: the connection is reset, as often as was said, and only Apple\u2019s', async () => {
    const { started, buy, client } = await start()
    const { transactionId } = await buy()
    await started.control('POST', '/faults', { fault: 'apple.network', times: 2 })
    expect((await fetch(`${started.origin}/v3/certificates`)).status).toBe(401)
    for (let time = 0; time < 2; time += 1) {
      await expect(client.getTransactionInfo(transactionId)).rejects.toThrow('fetch failed')
    }
    expect(await client.getTransactionInfo(transactionId)).toMatchObject({})
    expect(started.log.some(({ text }) => text.includes('fault apple.network'))).toBe(true)
  })

  test.each([
    ['apple.revoked', { revocationDate: expect.any(Number) }],
    ['apple.family', { inAppOwnershipType: 'FAMILY_SHARED' }],
  ])('%s', async (fault, said) => {
    const { started, buy, client } = await start()
    const { transactionId } = await buy()
    await started.control('POST', '/faults', { fault })
    const { signedTransactionInfo = '' } = await client.getTransactionInfo(transactionId)
    expect(await verifier().verifyAndDecodeTransaction(signedTransactionInfo)).toMatchObject(said)
  })

  test('api.error', async () => {
    const { started, client } = await start()
    await started.control('POST', '/faults', { fault: 'api.error', args: { code: 4290000 } })
    await expect(client.getTransactionInfo('1')).rejects.toMatchObject({
      httpStatusCode: 429,
      apiError: 4290000,
    })
  })
})

describe('notifications', () => {
  async function listening() {
    const parts = await start()
    const merchant = await startMerchant()
    await parts.started.control('POST', '/settings', { appleNotifyUrl: merchant.url })
    const payload = (at: number) => JSON.parse(merchant.received[at]?.body ?? '{}').signedPayload as string
    return { ...parts, merchant, payload }
  }

  test('of purchases, renewals and refunds', async () => {
    const { started, buy, payload } = await listening()
    const first = await buy({ type: 'Auto-Renewable Subscription' })
    await buy({ type: 'Auto-Renewable Subscription', originalTransactionId: first.transactionId })
    await buy()
    await started.control('POST', '/refunds', { order: first.transactionId })
    const told = await Promise.all(
      [0, 1, 2, 3].map((at) => verifier().verifyAndDecodeNotification(payload(at))),
    )
    expect(told).toMatchObject([
      { notificationType: 'SUBSCRIBED', subtype: 'INITIAL_BUY', version: '2.0' },
      { notificationType: 'DID_RENEW' },
      { notificationType: 'ONE_TIME_CHARGE' },
      { notificationType: 'REFUND' },
    ])
    const info = told[0]?.data?.signedTransactionInfo ?? ''
    expect(await verifier().verifyAndDecodeTransaction(info)).toMatchObject({
      transactionId: first.transactionId,
    })
  })

  test('a test notification on request', async () => {
    const { started, client, payload } = await listening()
    const { testNotificationToken } = await client.requestTestNotification()
    expect(testNotificationToken).toBeTruthy()
    await started.simulator.settled()
    expect(await verifier().verifyAndDecodeNotification(payload(0))).toMatchObject({
      notificationType: 'TEST',
    })
  })

  test.each([
    ['Sandbox', 1],
    ['Production', 6],
  ])('%s: %i attempts', async (environment, attempts) => {
    const { started, buy, merchant } = await listening()
    merchant.answer = () => ({ status: 500 })
    await buy({ environment })
    await started.control('POST', '/clock', { advance: '10d' })
    expect(merchant.received).toHaveLength(attempts)
  })

  test.each(['notify.forged', 'notify.tampered', 'notify.wrongAppId'])(
    '%s is refused by the SDK',
    async (fault) => {
      const { started, buy, payload } = await listening()
      await started.control('POST', '/faults', { fault })
      await buy()
      await expect(verifier().verifyAndDecodeNotification(payload(0))).rejects.toThrow()
    },
  )
})
