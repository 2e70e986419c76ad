/**
 * Requests that reach a server with a platform's host in their headers, as a hosts file or a proxy brings them: the
 * sandbox answers, under `dev` and alone, and nothing else is opened by it.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { type DevServer, startDevServer } from '../../runtime/dev-server.ts'
import { platformHosts } from '../../sandbox/hosts.ts'
import { pem } from '../../sandbox/keys/certificate.ts'
import { MOUNT } from '../../sandbox/sandbox.ts'
import { listenSandbox } from '../../sandbox/server.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { startSandbox } from './start-sandbox.ts'

const { keys, constants } = vectors
const { wechat } = constants
const { Wechatpay } = createRequire(import.meta.url)('wechatpay-axios-plugin')

interface Asked {
  status: number
  text: string
}

/** As it is: fetch sets Host by itself. */
function ask(origin: string, target: string, headers: Record<string, string>): Promise<Asked> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: target, headers, agent: false }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, text })
    })
    asked.on('error', reject)
    asked.end()
  })
}

const platform = { host: 'api.mch.weixin.qq.com' }
/** What each platform says to a request without credentials. */
const paths: [host: (typeof platformHosts)[number], path: string, answer: string][] = [
  ['api.mch.weixin.qq.com', '/v3/certificates', 'SIGN_ERROR'],
  ['api2.mch.weixin.qq.com', '/v3/certificates', 'SIGN_ERROR'],
  ['openapi.alipay.com', '/gateway.do', 'isv.missing-app-id'],
  ['openapi.alipaydev.com', '/gateway.do', 'isv.missing-app-id'],
  ['openapi-sandbox.dl.alipaydev.com', '/gateway.do', 'isv.missing-app-id'],
  ['dwbillcenter.alipay.com', '/downloadBillFile.resource', '下载超时'],
  ['api.weixin.qq.com', '/sns/jscode2session', '40013'],
  ['buy.itunes.apple.com', '/verifyReceipt', '21000'],
  ['sandbox.itunes.apple.com', '/verifyReceipt', '21000'],
  ['api.storekit.itunes.apple.com', '/inApps/v1/transactions/1', 'Unauthenticated'],
  ['api.storekit.apple.com', '/inApps/v1/transactions/1', 'Unauthenticated'],
  ['api.storekit-sandbox.itunes.apple.com', '/inApps/v1/transactions/1', 'Unauthenticated'],
  ['api.storekit-sandbox.apple.com', '/inApps/v1/transactions/1', 'Unauthenticated'],
  ['api.appstoreconnect.apple.com', '/nothing', 'UNKNOWN_API'],
  [
    'petalpay-developer.cloud.huawei.com.cn',
    '/api/v2/aggr/transactions/merc-orders/1',
    'MISSING_PAY_MERC_AUTH',
  ],
]

describe('under dev', () => {
  let folder: string
  let server: DevServer
  let url: string

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hosts-'))
    // A function that takes every path, so that what gets past the sandbox is seen.
    const shop = path.join(folder, 'uniCloud-aliyun/cloudfunctions/shop')
    await mkdir(shop, { recursive: true })
    await writeFile(path.join(shop, 'index.js'), "exports.main = async () => 'shop'")
    await writeFile(
      path.join(shop, 'package.json'),
      JSON.stringify({ name: 'shop', 'cloudfunction-config': { path: '/' } }),
    )
    const flags = { project: folder, port: 0, timers: false, sandbox: true, database: 'memory' }
    server = await startDevServer(
      resolveOptions({ flags: { ...flags, sandboxKeys: 'published' }, cwd: folder }),
      {
        watch: false,
      },
    )
    url = server.listening.url
  })

  afterAll(async () => {
    await server.close(0)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test('every host that the sandbox stands for is in the table', () => {
    expect(paths.map(([host]) => host).sort()).toEqual([...platformHosts].sort())
  })

  test.each(paths)('Host: %s, %s -> %s', async (host, target, answer) => {
    expect((await ask(url, target, { host })).text).toContain(answer)
    expect((await ask(url, target, { host: `${host}:443` })).text).toContain(answer)
  })

  test('a client that takes the server for its proxy sends the whole address', async () => {
    const answer = await ask(url, 'http://api.mch.weixin.qq.com/v3/certificates', platform)
    expect(answer.text).toContain('SIGN_ERROR')
  })

  test('a client that asks before it sends is told to go on', async () => {
    const { hostname, port } = new URL(url)
    const headers = { ...platform, expect: '100-continue' }
    const path = '/v3/pay/transactions/native'
    const asked = request({ hostname, port, path, method: 'POST', headers, agent: false })
    const status = await new Promise((resolve, reject) => {
      asked.on('continue', () => asked.end('{}'))
      asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
      asked.flushHeaders()
    })
    expect(status).toBe(401)
  })

  test('an SDK that believes the server to be its proxy places an order', async () => {
    const { hostname, port } = new URL(url)
    const client = new Wechatpay({
      baseURL: 'http://api.mch.weixin.qq.com',
      proxy: { protocol: 'http', host: hostname, port: Number(port) },
      mchid: wechat.mchid,
      serial: wechat.merchant_serial,
      privateKey: pem('PRIVATE KEY', Buffer.from(keys.wechat_merchant_private_pkcs8, 'base64')),
      certs: { [wechat.public_key_id]: keys.wechat_pay_public_key_mode_public_spki },
      headers: { 'Wechatpay-Serial': wechat.public_key_id },
    })
    const { data } = await client.v3.pay.transactions.native.post({
      appid: wechat.appid,
      mchid: wechat.mchid,
      description: 'milk',
      out_trade_no: 'SBXPROXY1',
      notify_url: 'http://127.0.0.1:9/notify',
      amount: { total: 1 },
    })
    expect(data).toMatchObject({ code_url: expect.stringMatching(/^weixin:/) })
  })

  test.each([
    '/_unicloud/api/functions',
    '/_unicloud/api/health',
    '/_unicloud/',
    `${MOUNT}/`,
    `${MOUNT}/config`,
    `${MOUNT}/orders`,
    `${MOUNT}/pay/token`,
    '/client',
    '/anything',
  ])('a platform host reaches nothing else: %s', async (target) => {
    for (const host of platformHosts.filter((name) => name.includes('alipay') || name.includes('apple'))) {
      const answer = await ask(url, target, { host })
      expect(answer.status).toBe(404)
      expect(JSON.parse(answer.text)).toMatchObject({ errCode: 'UNKNOWN_API' })
    }
    // WeChat Pay V2 answers every path with XML.
    expect((await ask(url, target, platform)).text).toMatch(/^<xml><return_code><!\[CDATA\[FAIL/)
    expect((await ask(url, target, { host: 'x.example', 'x-forwarded-host': platform.host })).text).toMatch(
      /^<xml><return_code><!\[CDATA\[FAIL/,
    )
  })

  test.each([
    ['a name that resolves here', 'evil.example'],
    ['a name that only looks like a platform', 'api.mch.weixin.qq.com.evil.example'],
    ['a name below a platform', 'evil.api.mch.weixin.qq.com'],
    ['a platform that is not simulated', 'api.unipay.example'],
  ])('control API and pages keep refusing %s', async (_what, host) => {
    for (const target of ['/_unicloud/api/functions', `${MOUNT}/orders`, `${MOUNT}/config`, `${MOUNT}/`]) {
      expect((await ask(url, target, { host })).status).toBe(403)
    }
    // `x` is no platform's host: what follows it is judged as a request to the sandbox itself.
    expect((await ask(url, `${MOUNT}/hosts/x${MOUNT}/orders`, { host })).status).toBe(403)
  })

  test('functions keep every other host', async () => {
    for (const host of ['127.0.0.1', 'shop.example', 'weixin.qq.com']) {
      expect(await ask(url, '/v3/certificates', { host })).toEqual({ status: 200, text: 'shop' })
    }
  })
})

test('without the sandbox a platform host is a host like any other', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hosts-'))
  await mkdir(path.join(folder, 'uniCloud-aliyun/cloudfunctions'), { recursive: true })
  const flags = { project: folder, port: 0, timers: false, sandbox: false, database: 'memory' }
  const server = await startDevServer(resolveOptions({ flags, cwd: folder }), { watch: false })
  onTestFinished(async () => {
    await server.close(0)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  expect((await ask(server.listening.url, '/_unicloud/api/functions', platform)).status).toBe(403)
})

test('alone: by Host, and as a proxy', async () => {
  const { sandbox } = await startSandbox()
  const server = await listenSandbox(sandbox, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  for (const target of ['/v3/certificates', 'http://api.mch.weixin.qq.com/v3/certificates']) {
    expect((await ask(server.url, target, platform)).text).toContain('SIGN_ERROR')
  }
  const apple = { host: 'api.storekit.apple.com' }
  expect((await ask(server.url, `${MOUNT}/orders`, apple)).status).toBe(404)
  expect((await ask(server.url, `${MOUNT}/orders`, { host: 'evil.example' })).status).toBe(403)
})
