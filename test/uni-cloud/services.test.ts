/** Services without a back end: checks, answers, the outbox, scripted failures (spec/runtime.md §10, §13, §14). */
import { describe, expect, it } from 'vitest'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import type { StubBehaviour } from '../../runtime/config/options.ts'
import { createUniCloud } from '../../runtime/guest/uni-cloud/index.ts'
import { LogStore } from '../../runtime/host/log-store.ts'
import { Outbox } from '../../runtime/host/outbox.ts'
import { PushChannels, type PushPayload } from '../../runtime/host/push-channels.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { fakeCall, fakeRuntime } from './fake-runtime.ts'

type Loose = Record<string, (...args: unknown[]) => Promise<Record<string, unknown>>>
type Cloud = Record<string, (...args: unknown[]) => Loose & Promise<Record<string, unknown>>>

function setUp(stubs: Record<string, StubBehaviour> = {}, provider: ProviderName = 'aliyun') {
  const clock = new AdjustableClock({ offsetMs: 0, frozenAt: Date.UTC(2030, 0, 1) })
  const logs = new LogStore()
  const outbox = new Outbox({ clock, logs, stubs })
  const push = new PushChannels()
  const runtime = fakeRuntime({
    extensions: ['uni-cloud-sms', 'uni-cloud-verify', 'uni-cloud-push'],
    space: { provider },
    services: { outbox, push },
    calls: [fakeCall('r1')],
    clock,
  })
  return { uniCloud: createUniCloud(runtime) as Cloud, runtime, clock, logs, outbox, push }
}

const sms = { phone: '13800138000', templateId: '100', data: { code: '1234' }, smsSecret: 'hidden' }

describe('the outbox', () => {
  it('keeps each use, tells listeners and the log, and never a secret', async () => {
    const { uniCloud, outbox, logs, clock } = setUp()
    const heard: string[] = []
    outbox.onEntry(({ service }) => heard.push(service))
    expect(await uniCloud.sendSms?.(sms)).toEqual({ errCode: 0, errMsg: '' })
    expect(outbox.entries()).toEqual([
      {
        seq: 1,
        time: clock.now(),
        service: 'sendSms',
        args: [{ ...sms, smsSecret: '***' }],
        functionName: 'fake',
        requestId: 'r1',
        answer: { errCode: 0, errMsg: '' },
      },
    ])
    expect(heard).toEqual(['sendSms'])
    const [line] = logs.list()
    expect(line).toMatchObject({ channel: 'system', functionName: 'fake', requestId: 'r1' })
    expect(line?.text).toMatch(/^\[fake\] sendSms recorded, not sent: \[{"phone":"13800138000"/)
    outbox.clear()
    expect(outbox.entries()).toEqual([])
  })

  it('fails as scripted', async () => {
    const { uniCloud, outbox } = setUp({ sendSms: { fail: { errCode: 4000, errMsg: 'no money' } } })
    await expect(uniCloud.sendSms?.(sms)).rejects.toMatchObject({
      name: 'UniCloudError',
      errCode: 4000,
      errMsg: 'no money',
    })
    expect(outbox.entries()[0]).toMatchObject({ error: { errCode: 4000, errMsg: 'no money' } })
  })

  it('answers as scripted, by service or by method', async () => {
    const { uniCloud } = setUp({
      getPhoneNumber: { result: { phoneNumber: '1' } },
      'getPushManager.getTodayReport': { fail: { errCode: 'uni-push-failed' } },
      getPushManager: { result: 'scripted' },
    })
    expect(await uniCloud.getPhoneNumber?.({ access_token: 'a', openid: 'o' })).toEqual({ phoneNumber: '1' })
    const manager = uniCloud.getPushManager?.({ appId: '__UNI__1' })
    expect(await manager?.getClientCount?.()).toBe('scripted')
    await expect(manager?.getTodayReport?.()).rejects.toMatchObject({ errCode: 'uni-push-failed' })
  })
})

describe('sendSms', () => {
  it.each([
    [undefined, /object of options/],
    [{ templateId: '1' }, /phone or phoneList/],
    [{ phone: '1' }, /templateId/],
    [{ phone: '1', templateId: '1', data: 'x' }, /data must be an object/],
    [{ phoneList: Array.from({ length: 51 }, () => '1'), templateId: '1' }, /at most 50/],
  ])('refuses %j', async (options, errMsg) => {
    const { uniCloud, outbox } = setUp()
    await expect(uniCloud.sendSms?.(options)).rejects.toMatchObject({
      errCode: 1001,
      errSubject: 'uni-cloud-sms',
      errMsg: expect.stringMatching(errMsg),
    })
    expect(outbox.entries()).toEqual([])
  })
})

describe('uni-cloud-verify', () => {
  it('getPhoneNumber', async () => {
    const { uniCloud } = setUp()
    expect(
      await uniCloud.getPhoneNumber?.({ provider: 'univerify', access_token: 'a', openid: 'o' }),
    ).toEqual({
      code: 0,
      errCode: 0,
      message: '',
      errMsg: '',
      success: true,
      phoneNumber: '13800138000',
    })
    await expect(uniCloud.getPhoneNumber?.({ openid: 'o' })).rejects.toMatchObject({ errCode: 4001 })
  })

  it('faces: a certificate may be asked for five times within a day', async () => {
    const { uniCloud, clock } = setUp()
    const manager = uniCloud.getFacialRecognitionVerifyManager?.({ requestId: 'r1' })
    const person = { realName: 'Li', idCard: '1', metaInfo: '{}' }
    const { certifyId } = (await manager?.getCertifyId?.(person)) ?? {}
    for (let count = 0; count < 5; count++)
      expect(await manager?.getAuthResult?.({ certifyId })).toMatchObject({ authState: 'SUCCESS' })
    await expect(manager?.getAuthResult?.({ certifyId })).rejects.toMatchObject({ errCode: 56002 })
    await expect(manager?.getAuthResult?.({ certifyId: 'unknown' })).rejects.toMatchObject({ errCode: 56001 })
    const later = (await manager?.getCertifyId?.(person)) ?? {}
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 24 * 3600_000 + 1 })
    await expect(manager?.getAuthResult?.(later)).rejects.toMatchObject({ errCode: 56001 })
    await expect(manager?.getCertifyId?.({ realName: 'Li' })).rejects.toMatchObject({
      errCode: 'INVALID_PARAM',
    })
  })

  it('names and numbers', async () => {
    const { uniCloud } = setUp()
    const manager = uniCloud.getUniVerifyManager?.({ provider: 'univerify' })
    const answer = { errCode: 0, data: { status: 1, reasonType: 1, isPayed: 0, mobileType: '9' } }
    expect(await manager?.mobile2EleVerify?.({ realName: 'Li', mobile: '1' })).toMatchObject(answer)
    expect(await manager?.mobile3EleVerify?.({ realName: 'Li', mobile: '1', idCard: '2' })).toMatchObject(
      answer,
    )
    await expect(manager?.mobile3EleVerify?.({ realName: 'Li' })).rejects.toMatchObject({
      errMsg: 'mobile3EleVerify: idCard, mobile must be strings',
    })
  })
})

describe('getPushManager', () => {
  it('has 28 methods', async () => {
    const { uniCloud, outbox } = setUp()
    const manager = (uniCloud.getPushManager?.({ appId: '__UNI__1' }) ?? {}) as Loose
    const names = Object.keys(manager)
    expect(names).toHaveLength(28)
    for (const name of names.filter((name) => name !== 'sendMessage'))
      expect(await manager[name]?.({})).toEqual({ errCode: 0, errMsg: 'success', data: {} })
    expect(outbox.entries().map(({ method }) => method)).toEqual(
      names.filter((name) => name !== 'sendMessage'),
    )
  })

  it('sendMessage tells what became of each client', async () => {
    const { uniCloud, runtime } = setUp()
    const manager = uniCloud.getPushManager?.({ appId: '__UNI__1' })
    const message = {
      push_clientid: ['c1', 'c2'],
      title: 'x'.repeat(20),
      content: 'short',
      payload: { a: 1 },
    }
    const answer = (await manager?.sendMessage?.(message)) as { data: Record<string, unknown> }
    expect(Object.values(answer.data)).toEqual([{ c1: 'successed_online', c2: 'successed_online' }])
    expect(runtime.lines).toEqual([expect.stringContaining('title has 20 characters')])
  })

  it.each([
    [{ user_id: 'a', device_id: 'b' }, /only one kind of target/],
    [{ user_id: Array.from({ length: 501 }, String) }, /may name 500 targets, not 501/],
    [{ push_clientid: Array.from({ length: 1001 }, String) }, /may name 1000 targets/],
  ])('refuses a wrong target', async (options, errMsg) => {
    const { uniCloud } = setUp()
    await expect(uniCloud.getPushManager?.({ appId: 'a' }).sendMessage?.(options)).rejects.toMatchObject({
      errCode: 'INVALID_PARAM',
      errMsg: expect.stringMatching(errMsg),
    })
    expect(() => uniCloud.getPushManager?.({})).toThrow(/appId/)
  })
})

describe('SSE channels', () => {
  const channel = (uniCloud: Cloud, from: unknown) =>
    uniCloud.deserializeSSEChannel?.(from) as unknown as Loose
  const serialized = { appId: 'a', pushClientId: 'c', seqId: '1700000000000-123456' }

  it('number their messages, however many functions write', async () => {
    const { uniCloud, push } = setUp()
    const heard: PushPayload[] = []
    const one = channel(uniCloud, serialized)
    const two = channel(uniCloud, serialized)
    await one.write?.({ text: 'a' })
    push.listen(serialized.seqId, (payload) => heard.push(payload))
    await two.write?.('b')
    await one.end?.()
    const common = { channel: 'UNI_CLOUD_SSE', seqId: serialized.seqId }
    expect(heard).toEqual([
      { ...common, action: 'message', messageId: 0, message: { text: 'a' } },
      { ...common, action: 'message', messageId: 1, message: 'b' },
      { ...common, action: 'end', messageId: 2 },
    ])
    expect(push.payloads(serialized.seqId)).toEqual(heard)
    await expect(two.write?.('late')).rejects.toMatchObject({
      name: 'UniCloudError',
      errCode: 'CHANNEL_ENDED',
    })
    await expect(one.write?.('late')).rejects.toMatchObject({ errCode: 'CHANNEL_ENDED' })
    await one.end?.()
    expect(JSON.parse(JSON.stringify(one))).toEqual(serialized)
  })

  it('ends with a last message', async () => {
    const { uniCloud, push } = setUp()
    await channel(uniCloud, { seqId: 5 }).end?.('last')
    expect(push.payloads('5')).toMatchObject([{ action: 'end', messageId: 0, message: 'last' }])
  })

  it.each([[undefined], [null], [{}], ['text'], [{ seqId: '' }]])('refuses %j', (channel) => {
    expect(() => setUp().uniCloud.deserializeSSEChannel?.(channel)).toThrow(
      expect.objectContaining({ errCode: 'INVALID_PARAM' }),
    )
  })
})

describe('webSocketServer of alipay', () => {
  it('signs URLs', async () => {
    const { uniCloud, clock } = setUp({}, 'alipay')
    const url = new URL(String(await uniCloud.webSocketServer?.().signedURL?.('chat', { room: 1 })))
    expect(url.href).toMatch(/^ws:\/\/127\.0\.0\.1:7100\/ws\/function\/chat\?/)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      room: '1',
      accessKeyId: 'local',
      signatureNonce: expect.any(String),
      timestamp: String(clock.now()),
      signature: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('records what it cannot deliver, and says so', async () => {
    const { uniCloud, outbox } = setUp({}, 'alipay')
    const server = uniCloud.webSocketServer?.()
    await expect(server?.send?.(['c1', 'c2'], { a: 1 })).rejects.toMatchObject({
      errCode: 'NOT_SUPPORTED',
      errMsg: expect.stringContaining('no connection [c1, c2]'),
    })
    await expect(server?.close?.('c1')).rejects.toMatchObject({ errCode: 'NOT_SUPPORTED' })
    expect(outbox.entries()).toMatchObject([
      { service: 'webSocketServer', method: 'send', args: [['c1', 'c2'], '{"a":1}'] },
      { service: 'webSocketServer', method: 'close', args: ['c1'] },
    ])
    await expect(server?.send?.([], 'x')).rejects.toMatchObject({ errCode: 'INVALID_PARAM' })
  })
})

describe('customAuth of tencent', () => {
  it('makes tickets', () => {
    const { uniCloud, clock } = setUp({}, 'tencent')
    const auth = uniCloud.customAuth?.() as unknown as { createTicket(uid: string, options?: object): string }
    const ticket = auth.createTicket('user-1', { refresh: 1000, expire: 2000 })
    const [key, token] = ticket.split('/@@/')
    expect(key).toBe('local')
    const claims = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ uid: 'user-1', env: 'fake-space', iat: clock.now(), refresh: 1000 })
    expect(() => auth.createTicket('x')).toThrow(/4 to 32/)
    expect(uniCloud.auth?.().getUserInfo?.()).toMatchObject({ uid: '' })
  })
})
