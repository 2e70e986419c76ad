/** Which answers are acknowledgements (payment-platforms.md §3.6, §4.4, §5.5), and what a crash under `dev` makes of it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { startDevServer } from '../../runtime/dev-server.ts'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { signV2 } from '../../sandbox/wechat/signature-v2.ts'
import { writeXml } from '../../sandbox/wechat-v2/xml.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { alipayMerchant } from './alipay-merchant.ts'
import { type Started, startMerchant, startSandbox } from './start-sandbox.ts'
import { wechatMerchant } from './wechat-v3-merchant.ts'

const { wechat } = vectors.constants
const XML = writeXml({ return_code: 'SUCCESS', return_msg: 'OK' })
const CRASHED = '{"success":false,"error":{"code":"FunctionServerError","message":"x"}}'

type Platform = 'V3' | 'V2' | 'Alipay'
type At = Pick<Started, 'origin'>

const place: Record<Platform, (at: At, number: string, notify_url: string) => Promise<unknown>> = {
  V3: (at, out_trade_no, notify_url) =>
    wechatMerchant(at as Started).transactions_native({
      description: 'x',
      out_trade_no,
      notify_url,
      amount: { total: 1 },
    }),
  V2: (at, out_trade_no, notify_url) => {
    const params: Record<string, string> = {
      appid: wechat.appid,
      mch_id: wechat.mchid,
      nonce_str: 'n',
      body: 'x',
      out_trade_no,
      total_fee: '1',
      spbill_create_ip: '127.0.0.1',
      trade_type: 'NATIVE',
      notify_url,
    }
    params.sign = signV2(params, wechat.v2_key, 'MD5')
    return fetch(`${at.origin}/pay/unifiedorder`, {
      method: 'POST',
      headers: { 'x-forwarded-host': 'api.mch.weixin.qq.com' },
      body: writeXml(params),
    })
  },
  Alipay: (at, out_trade_no, notify_url) =>
    alipayMerchant(at as Started).exec('alipay.trade.precreate', {
      notify_url,
      bizContent: { out_trade_no, total_amount: '0.01', subject: 'x' },
    }),
}

test.each<[Platform, status: number, body: string, verdict: string]>([
  ['V3', 200, '', 'accepted'],
  ['V3', 200, '{"code":"SUCCESS","message":"成功"}', 'accepted'],
  ['V3', 204, '', 'accepted'],
  ['V3', 200, XML, 'accepted'],
  ['V3', 200, '{}', 'accepted'],
  ['V3', 200, '{"code":"FAIL","message":"x"}', 'accepted'],
  ['V3', 200, CRASHED, 'accepted'],
  ['V3', 201, '', 'refused'],
  ['V3', 302, '', 'refused'],
  ['V3', 401, '{"code":"FAIL"}', 'refused'],
  ['V3', 500, '{"code":"SUCCESS"}', 'refused'],
  ['V2', 200, XML, 'accepted'],
  ['V2', 200, '<xml><return_code>SUCCESS</return_code></xml>', 'accepted'],
  ['V2', 200, '', 'refused'],
  ['V2', 200, 'SUCCESS', 'refused'],
  ['V2', 200, '{"code":"SUCCESS"}', 'refused'],
  ['V2', 200, '<xml><return_code><![CDATA[FAIL]]></return_code></xml>', 'refused'],
  ['V2', 200, CRASHED, 'refused'],
  ['Alipay', 200, 'success', 'accepted'],
  ['Alipay', 200, 'success\n', 'refused'],
  ['Alipay', 200, '"success"', 'refused'],
  ['Alipay', 200, 'SUCCESS', 'refused'],
  ['Alipay', 201, 'success', 'refused'],
  ['Alipay', 200, CRASHED, 'refused'],
])('%s: %i %j -> %s', async (platform, status, body, verdict) => {
  const started = await startSandbox()
  const merchant = await startMerchant()
  merchant.answer = () => ({ status, body })
  await place[platform](started, 'SBXACK0001', merchant.url)
  await started.control('POST', '/orders/SBXACK0001/pay')
  const [notice] = await started.control<JsonObject[]>('GET', '/notifications')
  expect(notice).toMatchObject({
    state: verdict === 'accepted' ? 'accepted' : 'waiting',
    attempts: [{ status, verdict }],
  })
  // Counted, and yet worth a word.
  const odd = verdict === 'accepted' && body.startsWith('{') && !body.includes('SUCCESS')
  expect(started.log.some(({ level, text }) => level === 'warn' && text.includes('sends nothing more'))).toBe(
    odd,
  )
})

describe('an instance that dies in the middle of it, under dev', () => {
  async function start(provider: string) {
    const project = await mkdtemp(path.join(tmpdir(), 'acknowledge-'))
    const folder = path.join(
      project,
      `uniCloud-${provider === 'tencent' ? 'tcb' : provider}/cloudfunctions/notify`,
    )
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'index.js'), 'exports.main = async () => process.exit(1)')
    const config = { name: 'notify', 'cloudfunction-config': { path: '/notify' } }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(config))
    const flags = { project, port: 0, provider, sandbox: true, sandboxKeys: 'published', database: 'memory' }
    const server = await startDevServer(resolveOptions({ flags, cwd: project }), { watch: false })
    onTestFinished(async () => {
      await server.close(0)
      await rm(project, { recursive: true, force: true, maxRetries: 5 })
    })
    const { url } = server.listening
    return async (platform: Platform): Promise<JsonObject> => {
      const number = `SBXDIES${platform}`
      const origin = `${url}/_unicloud/sandbox/hosts/${platform === 'Alipay' ? 'openapi.alipay.com' : 'api.mch.weixin.qq.com'}`
      await place[platform]({ origin }, number, `${url}/notify`)
      const response = await fetch(`${url}/_unicloud/sandbox/orders/${number}/pay`, { method: 'POST' })
      return ((await response.json()) as { notifications: JsonObject[] }).notifications[0] ?? {}
    }
  }

  test('aliyun answers 200: lost for WeChat Pay V3, tried again by the others', async () => {
    const pay = await start('aliyun')
    expect(await pay('V3')).toMatchObject({
      state: 'accepted',
      attempts: [
        {
          status: 200,
          why: expect.stringMatching(/sends nothing more; the body says .*FunctionServerError/),
        },
      ],
    })
    for (const platform of ['V2', 'Alipay'] as const) {
      expect(await pay(platform)).toMatchObject({
        state: 'waiting',
        attempts: [{ status: 200, verdict: 'refused' }],
      })
    }
  })

  test('tencent answers 502: tried again by all', async () => {
    const pay = await start('tencent')
    for (const platform of ['V3', 'V2', 'Alipay'] as const) {
      expect(await pay(platform)).toMatchObject({
        state: 'waiting',
        attempts: [{ status: 502, verdict: 'refused' }],
      })
    }
  })
})
