/** Notifications on their way: ladders on the clock, verdicts, addresses, a restart in between. */
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { alipayMerchant } from './alipay-merchant.ts'
import { type Merchant, type Started, startMerchant, startSandbox } from './start-sandbox.ts'
import { openNotice, wechat, wechatMerchant } from './wechat-v3-merchant.ts'

const wechatLadder = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600]
const alipayLadder = [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * 60)

async function placeWechat(started: Started, outTradeNo: string, notifyUrl: string): Promise<void> {
  await wechatMerchant(started).transactions_native({
    description: 'x',
    out_trade_no: outTradeNo,
    notify_url: notifyUrl,
    amount: { total: 100 },
  })
}

async function placeAlipay(started: Started, outTradeNo: string, notifyUrl: string): Promise<void> {
  await alipayMerchant(started).exec('alipay.trade.precreate', {
    notify_url: notifyUrl,
    bizContent: { out_trade_no: outTradeNo, total_amount: '1.00', subject: 'x' },
  })
}

interface Shown {
  id: string
  state: string
  next_time: string | null
  attempts: { time: string; verdict: string; why: string }[]
}

async function noticeOf(started: Started, outTradeNo: string): Promise<Shown> {
  const [notice] = await started.control<Shown[]>('GET', `/notifications?out_trade_no=${outTradeNo}`)
  if (!notice) throw new Error('no notification')
  return notice
}

/** Seconds between attempts. */
function gaps({ attempts }: Shown): number[] {
  const times = attempts.map(({ time }) => Date.parse(time) / 1000)
  return times.slice(1).map((time, at) => time - (times[at] ?? 0))
}

const refuse = (merchant: Merchant): void => {
  merchant.answer = () => ({ status: 500, body: 'no' })
}

describe('ladders', () => {
  test.each([
    ['WeChat Pay', placeWechat, wechatLadder],
    ['Alipay', placeAlipay, alipayLadder],
  ] as const)('%s tries again at its own intervals, then gives up', async (_name, place, ladder) => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    refuse(merchant)
    await place(started, 'SBX0000001', merchant.url)
    await started.control('POST', '/orders/SBX0000001/pay')
    await started.control('POST', '/clock', { advance: '30h' })
    const notice = await noticeOf(started, 'SBX0000001')
    expect(gaps(notice)).toEqual(ladder)
    expect(notice).toMatchObject({ state: 'gaveUp', next_time: null })
    expect(merchant.received).toHaveLength(ladder.length + 1)
  })

  test('the space\u2019s clock drives it, too', async () => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    refuse(merchant)
    await placeWechat(started, 'SBX0000002', merchant.url)
    await started.control('POST', '/orders/SBX0000002/pay')
    await started.clock.advance(15_000)
    await started.simulator.settled()
    await started.clock.advance(14_999)
    await started.simulator.settled()
    expect(merchant.received).toHaveLength(2)
    await started.clock.advance(1)
    await started.simulator.settled()
    expect(merchant.received).toHaveLength(3)
  })

  test('WeChat signs each attempt anew under the same id; Alipay sends the same bytes', async () => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    refuse(merchant)
    await placeWechat(started, 'SBX0000003', merchant.url)
    await placeAlipay(started, 'SBX0000004', merchant.url)
    await started.control('POST', '/orders/SBX0000003/pay')
    await started.control('POST', '/clock', { advance: '15s' })
    const [first, second] = merchant.received.map(({ body }) => JSON.parse(body))
    expect(second.id).toBe(first.id)
    expect(second.resource.ciphertext).not.toBe(first.resource.ciphertext)
    const pay = wechatMerchant(started)
    expect(await openNotice(pay, merchant.received[1]!)).toMatchObject({ genuine: true })

    merchant.received.length = 0
    await started.control('POST', '/orders/SBX0000004/pay')
    await started.control('POST', '/clock', { advance: '4m' })
    const forms = merchant.received.filter(({ body }) => body.includes('notify_id'))
    expect(forms).toHaveLength(2)
    expect(forms[1]?.body).toBe(forms[0]?.body)
  })

  test('accepted once, it is not sent again', async () => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    merchant.answer = () => (merchant.received.length < 3 ? { status: 500 } : { status: 204 })
    await placeWechat(started, 'SBX0000005', merchant.url)
    await started.control('POST', '/orders/SBX0000005/pay')
    await started.control('POST', '/clock', { advance: '25h' })
    expect(merchant.received).toHaveLength(3)
    expect(await noticeOf(started, 'SBX0000005')).toMatchObject({ state: 'accepted' })
  })

  test('with autoRetry off nothing is sent but by hand', async () => {
    const started = await startSandbox({ settings: { autoRetry: false } })
    const merchant = await startMerchant()
    refuse(merchant)
    await placeWechat(started, 'SBX0000006', merchant.url)
    await started.control('POST', '/orders/SBX0000006/pay')
    await started.control('POST', '/clock', { advance: '25h' })
    expect(merchant.received).toHaveLength(1)
    const { id } = await noticeOf(started, 'SBX0000006')
    merchant.answer = () => ({ status: 200 })
    expect(await started.control('POST', `/notifications/${id}/deliver`, {})).toMatchObject({
      state: 'accepted',
    })
  })
})

describe('verdicts', () => {
  test.each([
    ['refused', { status: 401, body: '{"code":"FAIL"}' }, 'not 401 {"code":"FAIL"}'],
    ['timeout', { delayMs: 200 }, 'no answer within 50 ms'],
  ])('%s, with the reason', async (verdict, answer, why) => {
    const started = await startSandbox({ settings: { notifyTimeoutMs: 50 } })
    const merchant = await startMerchant()
    merchant.answer = () => answer
    await placeWechat(started, 'SBX0000007', merchant.url)
    await started.control('POST', '/orders/SBX0000007/pay')
    const [attempt] = (await noticeOf(started, 'SBX0000007')).attempts
    expect(attempt).toMatchObject({ verdict, why: expect.stringContaining(why) })
    expect(started.log.at(-1)).toMatchObject({ level: 'warn', text: expect.stringContaining(why) })
  })

  test('unreachable', async () => {
    const started = await startSandbox()
    await placeWechat(started, 'SBX0000008', 'http://127.0.0.1:1/notify')
    await started.control('POST', '/orders/SBX0000008/pay')
    const [attempt] = (await noticeOf(started, 'SBX0000008')).attempts
    expect(attempt).toMatchObject({ verdict: 'unreachable', why: expect.stringContaining('ECONNREFUSED') })
  })

  test('Alipay wants the word success and nothing else', async () => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    merchant.answer = () => ({ body: 'SUCCESS' })
    await placeAlipay(started, 'SBX0000009', merchant.url)
    await started.control('POST', '/orders/SBX0000009/pay')
    expect((await noticeOf(started, 'SBX0000009')).attempts).toMatchObject([{ verdict: 'refused' }])
  })
})

describe('addresses', () => {
  test('nothing ever leaves this machine', async () => {
    const sent: string[] = []
    const deliver = (outgoing: { url: string }) => {
      sent.push(outgoing.url)
      return Promise.resolve({ status: 200, headers: {}, body: '' })
    }
    const started = await startSandbox({ deliver })
    await placeWechat(started, 'SBX0000010', 'https://shop.example.com/notify')
    await started.control('POST', '/orders/SBX0000010/pay')
    expect(sent).toEqual([])
    expect(await noticeOf(started, 'SBX0000010')).toMatchObject({
      state: 'blocked',
      attempts: [{ verdict: 'blocked', why: expect.stringContaining('notifyRewrite') }],
    })
  })

  test('an origin may stand for one on this machine', async () => {
    const started = await startSandbox()
    const merchant = await startMerchant()
    await started.control('POST', '/settings', {
      notifyRewrite: { 'https://fc-mp-1.next.bspapp.com': new URL(merchant.url).origin },
    })
    await placeWechat(started, 'SBX0000011', 'https://fc-mp-1.next.bspapp.com/uni-pay-co/payNotify/wxpay-mp')
    await started.control('POST', '/orders/SBX0000011/pay')
    expect(merchant.received).toMatchObject([{ path: '/uni-pay-co/payNotify/wxpay-mp' }])
  })
})

describe('a restart', () => {
  test('keeps orders, keys, faults, the clock and the place on the ladder', async () => {
    const merchant = await startMerchant()
    refuse(merchant)
    const first = await startSandbox({ seed: 'space' })
    const { appid, mchid } = first.simulator.keys.constants.wechat
    const config = await first.control('GET', '/config')
    await first.control('POST', '/faults', { fault: 'api.http', match: { api: 'nothing' } })
    await first.stop()

    const published = await startSandbox({ directory: first.directory, clock: first.clock })
    await placeWechat(published, 'SBX0000012', merchant.url)
    await published.control('POST', '/orders/SBX0000012/pay')
    await published.control('POST', '/clock', { advance: '20s' })
    await published.stop()
    expect(merchant.received).toHaveLength(2)

    // It stood still for an hour: what fell due meanwhile is not made up for in a burst.
    await first.clock.advance(3600_000)
    merchant.answer = () => ({ status: 200 })
    const again = await startSandbox({ directory: first.directory, clock: first.clock })
    expect(await again.control('GET', '/state')).toMatchObject({ orders: 1, faults: 1, aheadMs: 20_000 })
    expect(merchant.received).toHaveLength(2)
    await again.control('POST', '/clock', { advance: '30m' })
    expect(merchant.received).toHaveLength(3)
    expect(await noticeOf(again, 'SBX0000012')).toMatchObject({ state: 'accepted' })
    await again.stop()

    const own = await startSandbox({ directory: first.directory, clock: first.clock, seed: 'space' })
    expect(await own.control('GET', '/config')).toEqual({
      ...config,
      config: { ...(config.config as JsonObject), notifyUrl: { default: `${own.origin}/uni-pay-co` } },
    })
    expect(own.simulator.keys.constants.wechat).toMatchObject({ appid, mchid })
  })

  test('an attempt that a killed process was in the middle of counts as failed, and is made again', async () => {
    const merchant = await startMerchant()
    merchant.answer = () => ({ status: 500, delayMs: 500 })
    const killed = await startSandbox()
    await placeWechat(killed, 'SBX0000021', merchant.url)
    const paying = killed.control('POST', '/orders/SBX0000021/pay')
    await expect.poll(() => merchant.received.length).toBe(1)
    // What is on the disk at this moment is what a killed process leaves.
    await killed.control('POST', '/settings', { refundDelayMs: 0 })
    const directory = await mkdtemp(path.join(tmpdir(), 'sandbox-'))
    await cp(path.join(killed.directory, 'state'), path.join(directory, 'state'), { recursive: true })
    await paying

    merchant.answer = () => ({ status: 200 })
    const next = await startSandbox({ directory, clock: killed.clock })
    const notice = await noticeOf(next, 'SBX0000021')
    expect(notice).toMatchObject({ state: 'waiting', next_time: expect.any(String), attempts: [] })
    await next.control('POST', '/clock', { advance: '15s' })
    expect(merchant.received).toHaveLength(2)
    expect(await noticeOf(next, 'SBX0000021')).toMatchObject({ state: 'accepted' })
  })

  test('reset forgets all of it and takes other keys', async () => {
    const started = await startSandbox({ seed: 'space' })
    const state = await started.control('POST', '/reset', { seed: 'vectors' })
    expect(state).toMatchObject({ orders: 0, notifications: 0, faults: 0, aheadMs: 0 })
    const { config } = await started.control<{ config: { wxpay: { mp: JsonObject } } }>('GET', '/config')
    expect(config.wxpay.mp).toMatchObject({ appId: wechat.appid, mchId: wechat.mchid })
  })
})

describe('paying by itself', () => {
  test('after a while, if switched on', async () => {
    const started = await startSandbox({ settings: { autoPayMs: 2000 } })
    const merchant = await startMerchant()
    await placeWechat(started, 'SBX0000013', merchant.url)
    await started.control('POST', '/clock', { advance: '1999ms' })
    expect(merchant.received).toHaveLength(0)
    await started.control('POST', '/clock', { advance: 1 })
    expect(merchant.received).toHaveLength(1)
  })
})
