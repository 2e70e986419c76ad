import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CompactSign, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { AppleIapPayment } from '../../common/uni-pay/apple/client.ts'
import type { AppleIapPaymentOptions } from '../../common/uni-pay/apple/options.ts'
import { type FakeAnswer, failure, useFakeClient } from './fake-client.ts'
import { constants, key, privateKey, type Row, vector } from './material.ts'

const fake = useFakeClient()
const apple = constants('apple')
const signed = String(vector('apple-signed-transaction').expected.jws)
const transaction = vector('apple-signed-transaction').input.payload as Row
const options: AppleIapPaymentOptions = {
  sandbox: true,
  bundleId: String(apple.bundle_id),
  appId: String(apple.key_id),
  issuerId: String(apple.issuer_id),
  appCertContent: key('apple_api_key_p8'),
  rootCertContent: key('apple_root_cert'),
}

function init(more: Partial<AppleIapPaymentOptions> = {}): AppleIapPayment {
  return new AppleIapPayment({ ...options, ...more })
}

function json(value: unknown, status = 200): FakeAnswer {
  return { status, data: JSON.stringify(value) }
}

describe('verifyReceipt', () => {
  const receipt = {
    bundle_id: apple.bundle_id,
    in_app: [
      { transaction_id: '2', purchase_date_ms: '200' },
      { transaction_id: '1', purchase_date_ms: '100' },
    ],
  }

  it.each<[string, Partial<AppleIapPaymentOptions>, string]>([
    ['live', { sandbox: false }, 'https://buy.itunes.apple.com/verifyReceipt'],
    ['sandbox', {}, 'https://sandbox.itunes.apple.com/verifyReceipt'],
    ['a gateway', { gateway: 'http://127.0.0.1:1/x' }, 'http://127.0.0.1:1/x'],
  ])('%s', async (_, more, url) => {
    fake.client.answers(() => json({ status: 0, receipt }))
    const result = await init({ password: 'shared', ...more }).verifyReceipt({ receiptData: 'abc' })
    expect(result).toEqual({ tradeState: 'SUCCESS', receipt, transactionId: '2' })
    expect(fake.client.request.url.href).toBe(url)
    expect(JSON.parse(fake.client.request.body)).toEqual({ 'receipt-data': 'abc', password: 'shared' })
  })

  it.each<[string, Row, Row]>([
    [
      'of one purchase',
      { status: 0, receipt: { bid: apple.bundle_id, transaction_id: '9' } },
      { transactionId: '9' },
    ],
    ['without a purchase', { status: 0, receipt: { bundle_id: apple.bundle_id } }, { tradeState: 'SUCCESS' }],
    ['not paid', { status: -1 }, { tradeState: 'NOTPAY' }],
    [
      'of the other environment',
      { status: 21007 },
      { tradeState: 'PAYERROR', errMsg: 'Error status [21007]' },
    ],
    [
      'of another app',
      { status: 0, receipt: { ...receipt, bundle_id: 'com.other' } },
      { tradeState: 'PAYERROR', errMsg: 'bundleId不匹配: com.other' },
    ],
  ])('%s', async (_, answer, expected) => {
    fake.client.answers(() => json(answer))
    expect(await init().verifyReceipt({ receiptData: 'abc' })).toMatchObject(expected)
  })

  it('needs no options', async () => {
    fake.client.answers(() => json({ status: 0, receipt: { bundle_id: 'any', transaction_id: '9' } }))
    expect(await new AppleIapPayment().verifyReceipt({ receiptData: 'abc' })).toMatchObject({
      transactionId: '9',
    })
    expect(fake.client.request.body).toBe('{"receipt-data":"abc"}')
  })

  it.each<[string, FakeAnswer, Row]>([
    ['HTTP error', { status: 503, data: '' }, { errCode: 'REQUEST_FAIL', httpStatus: 503 }],
    [
      'not JSON',
      { status: 200, data: '<html>' },
      { errMsg: 'appleiap /verifyReceipt: the answer has no status' },
    ],
  ])('%s', async (_, answer, expected) => {
    fake.client.answers(() => answer)
    expect(await failure(() => init().verifyReceipt({ receiptData: 'abc' }))).toMatchObject(expected)
  })

  it('no receipt', async () => {
    const error = await failure(() => init().verifyReceipt({ receiptData: '' }))
    expect(error).toMatchObject({ message: 'receiptData required', errCode: 'PARAM_ERROR' })
  })
})

describe('getTransaction', () => {
  const ask = (more: Partial<AppleIapPaymentOptions> = {}) =>
    init(more).getTransaction({ transactionId: '2000000000000001' })

  it('asks with a signed token, and checks what comes back', async () => {
    fake.client.answers(() => json({ signedTransactionInfo: signed }))
    expect(await ask()).toEqual(transaction)
    const { url, headers } = fake.client.request
    expect(url.href).toBe(
      'https://api.storekit-sandbox.itunes.apple.com/inApps/v1/transactions/2000000000000001',
    )
    const token = String(headers.authorization).replace('Bearer ', '')
    const verified = await jwtVerify(token, createPublicKey(privateKey('apple_api_key_p8')), {
      algorithms: ['ES256'],
      audience: 'appstoreconnect-v1',
      issuer: String(apple.issuer_id),
    })
    expect(verified.protectedHeader).toEqual({ alg: 'ES256', kid: apple.key_id, typ: 'JWT' })
    expect(verified.payload).toMatchObject({ bid: apple.bundle_id, iat: 1767225600, exp: 1767229200 })
  })

  it.each<[string, Partial<AppleIapPaymentOptions>, string, string]>([
    ['sandbox', { devBundleId: 'com.dev' }, 'api.storekit-sandbox.itunes.apple.com', 'com.dev'],
    [
      'live',
      { devBundleId: 'com.dev', sandbox: false },
      'api.storekit.itunes.apple.com',
      String(apple.bundle_id),
    ],
  ])('%s: address and app', async (_, more, host, bid) => {
    fake.client.answers(() => json({ errorCode: 4040010, errorMessage: 'Transaction id not found.' }, 404))
    expect(await failure(() => ask(more))).toMatchObject({
      errCode: 4040010,
      errMsg: 'Transaction id not found.',
      httpStatus: 404,
    })
    expect(fake.client.request.url.host).toBe(host)
    const [, payload = ''] = String(fake.client.request.headers.authorization).split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ bid })
  })

  it('tries six times to get an answer', async () => {
    let failures = 5
    fake.client.answers(() => {
      if (failures-- > 0) throw new Error('socket hang up')
      return json({ signedTransactionInfo: signed })
    })
    expect(await ask()).toEqual(transaction)
    failures = 99
    expect((await failure(ask)).message).toBe('socket hang up')
    expect(fake.client.requests).toHaveLength(12)
  })

  it.each<[string, Partial<AppleIapPaymentOptions>, string]>([
    [
      'of the other environment',
      { sandbox: false },
      'it is of the environment Sandbox, asked was Production',
    ],
    ['of another app', { bundleId: 'com.other' }, 'bundleId不匹配: it is of com.example.sandbox'],
    [
      'from a root that is not trusted',
      { rootCertContent: [] },
      "which is neither Apple's root nor in rootCertPath",
    ],
  ])('refused: %s', async (_, more, message) => {
    fake.client.answers(() => json({ signedTransactionInfo: signed }))
    const error = await failure(() => ask(more))
    expect(error.message).toContain(message)
    expect(error.errCode).toBe('SIGN_ERROR')
  })

  it.each<[string, Partial<AppleIapPaymentOptions>, string]>([
    ['no key id', { appId: '' }, 'appId required'],
    ['no issuer', { issuerId: '' }, 'issuerId required'],
    ['no app', { bundleId: '' }, 'bundleId required'],
    ['no key', { appCertContent: '' }, 'appCertPath required'],
    ['a key that is none', { appCertContent: 'c2VjcmV0' }, 'appCert does not hold a private key'],
  ])('%s', async (_, more, message) => {
    expect((await failure(() => ask(more))).message).toContain(message)
    expect(fake.client.requests).toEqual([])
  })

  it('a token that Apple refuses', async () => {
    fake.client.answers(() => ({ status: 401, data: 'Unauthenticated' }))
    expect((await failure(ask)).message).toContain('HTTP 401: check appId, issuerId, bundleId and the key')
  })
})

describe('signed data', () => {
  const file = new URL('../fixtures/uni-pay/certificates/apple-chains.json', import.meta.url)
  const { certificates, keys } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const then = Date.parse('2030-01-01')

  async function sign(chain: string[], payload: Row = {}, header: Row = {}): Promise<string> {
    const der = {
      key: Buffer.from(String(keys?.[chain[0] ?? '']), 'base64'),
      format: 'der',
      type: 'pkcs8',
    } as const
    const content = { bundleId: apple.bundle_id, environment: 'Sandbox', signedDate: then, ...payload }
    return await new CompactSign(Buffer.from(JSON.stringify(content)))
      .setProtectedHeader({ alg: 'ES256', x5c: chain.map((name) => String(certificates?.[name])), ...header })
      .sign(createPrivateKey(der))
  }

  const client = init({ rootCertContent: [key('apple_root_cert'), String(certificates?.root)] })

  it('a whole chain', async () => {
    const jws = await sign(['leaf', 'inter', 'root'], { transactionId: '7' })
    expect(await client.verifyTransaction(jws)).toMatchObject({ transactionId: '7' })
  })

  it.each<[string, string[], string]>([
    [
      'a leaf without the mark',
      ['leafplain', 'inter', 'root'],
      'lacks the extension 1.2.840.113635.100.6.11.1',
    ],
    [
      'an intermediate without the mark',
      ['leafofplain', 'interplain', 'root'],
      'lacks the extension 1.2.840.113635.100.6.2.1',
    ],
    [
      'an intermediate that may not issue',
      ['leafnoca', 'internoca', 'root'],
      'is not issued by "Test internoca"',
    ],
    ['another intermediate', ['leaf', 'interplain', 'root'], 'is not issued by "Test interplain"'],
    ['no root', ['leaf', 'inter'], 'x5c must hold three certificates'],
    ['one too many', ['leaf', 'inter', 'root', 'root'], 'x5c must hold three certificates'],
    ['no certificates', [], 'x5c must hold three certificates'],
    ['the leaf as its own root', ['leaf', 'leaf', 'leaf'], "neither Apple's root nor in rootCertPath"],
  ])('%s', async (_, chain, message) => {
    const jws = await sign(chain.length > 0 ? chain : ['leaf'], {}, chain.length > 0 ? {} : { x5c: [] })
    const error = await failure(() => client.verifyTransaction(jws))
    expect(error.message).toContain(message)
    expect(error.errCode).toBe('SIGN_ERROR')
  })

  it('another signer under good certificates', async () => {
    const x5c = ['leaf', 'inter', 'root'].map((name) => String(certificates?.[name]))
    const jws = await sign(['leafplain'], {}, { x5c })
    expect((await failure(() => client.verifyTransaction(jws))).message).toContain('the signature is wrong')
  })

  it('changed after signing', async () => {
    const [header, , signature] = signed.split('.')
    const payload = Buffer.from(JSON.stringify({ ...transaction, productId: 'dear' })).toString('base64url')
    const error = await failure(() => client.verifyTransaction(`${header}.${payload}.${signature}`))
    expect(error.message).toContain('the signature is wrong')
  })

  it('signed when the certificates were not valid', async () => {
    const jws = await sign(['leaf', 'inter', 'root'], { signedDate: Date.parse('2020-01-01') })
    expect((await failure(() => client.verifyTransaction(jws))).message).toContain(
      'was not valid when it was signed',
    )
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'hello'],
    ['alg none', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
  ])('%s', async (_, jws) => {
    expect((await failure(() => client.verifyTransaction(jws))).errCode).toBe('SIGN_ERROR')
  })

  it('HS256 with the certificate for a secret', async () => {
    const header = { ...decodeProtectedHeader(signed), alg: 'HS256' }
    const jws = await new CompactSign(Buffer.from(JSON.stringify(transaction)))
      .setProtectedHeader(header)
      .sign(Buffer.from(key('apple_leaf_cert')))
    expect((await failure(() => client.verifyTransaction(jws))).message).toContain('the signature is wrong')
  })
})

describe('server notifications', () => {
  const body = String(vector('apple-notification-v2').expected.body)

  it('opened, with what is signed in it', async () => {
    const result = await init().verifyServerNotification({ body })
    expect(result).toMatchObject({ notificationType: 'ONE_TIME_CHARGE', version: '2.0' })
    expect(result.data).toMatchObject({ environment: 'Sandbox', transactionInfo: transaction })
  })

  it.each<[string, Partial<AppleIapPaymentOptions>, string, string]>([
    ['another app', { bundleId: 'com.other' }, body, 'bundleId不匹配'],
    ['another root', { rootCertContent: [] }, body, "neither Apple's root"],
    ['not JSON', {}, 'x', '通知格式不正确'],
    ['nothing signed', {}, '{}', 'it is not a JWS'],
  ])('refused: %s', async (_, more, posted, message) => {
    const error = await failure(() => init(more).verifyServerNotification({ body: posted }))
    expect(error.message).toContain(message)
  })
})
