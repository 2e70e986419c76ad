/** Storage through a whole space and its server: what a function stores, and what an app uploads. */
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../../runtime/gateway/server.ts'
import { type GuestCode, guestCode } from './guest-code.ts'

let guest: GuestCode
let gateway: Gateway
let url: string

beforeAll(async () => {
  guest = await guestCode({ port: 0, provider: 'dcloud' })
  const { storage, clientStorage } = guest.space.services
  gateway = createGateway(guest.space, { storage, client: { storage: clientStorage } })
  url = (await gateway.listen()).url
})
afterAll(async () => {
  await gateway.close(0)
  await guest[Symbol.asyncDispose]()
})

async function client(method: string, params: object): Promise<{ data: unknown; error?: { code: string } }> {
  const body = {
    method: `serverless.file.resource.${method}`,
    params: JSON.stringify(params),
    spaceId: 's',
    timestamp: 1,
  }
  const response = await fetch(`${url}/client`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as { data: unknown; error?: { code: string } }
}

async function post(address: string, fields: Record<string, string>, content: string): Promise<number> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([content]), 'file-1700000000000')
  return (await fetch(address, { method: 'POST', body: form })).status
}

describe('a function', () => {
  it('stores a file that its URL serves', async () => {
    const code = `return (await uniCloud.uploadFile({ cloudPath: 'd/a.txt', fileContent: Buffer.from('hi') })).fileID`
    const fileID = String(await guest.run(code))
    expect(fileID).toBe(`${url}/_unicloud/storage/d/a.txt`)
    expect(await (await fetch(fileID)).text()).toBe('hi')
  })

  it('records what it sends in the space’s outbox', async () => {
    await guest.run(`await uniCloud.sendSms({ phone: '1', templateId: 't', data: {} })`)
    expect(guest.space.services.outbox.entries()).toMatchObject([
      { service: 'sendSms', functionName: 'everything' },
    ])
    expect(guest.space.logs.list().some(({ text }) => text.includes('sendSms recorded'))).toBe(true)
  })

  it('writes to channels that the space hands on', async () => {
    await guest.run(`await uniCloud.deserializeSSEChannel({ seqId: 's1' }).write({ a: 1 })`)
    expect(guest.space.services.push.payloads('s1')).toMatchObject([{ messageId: 0, message: { a: 1 } }])
  })
})

describe('an app', () => {
  it('uploads with the form of dcloud, asks for URLs and deletes', async () => {
    const { data } = await client('generateProximalSign', { cloudPath: '一 b.txt' })
    const form = data as { url: string; name: string; formData: Record<string, string>; fileUrl: string }
    expect(form).toMatchObject({
      name: 'file',
      fileUrl: `${url}/_unicloud/storage/${encodeURIComponent('一 b.txt')}`,
    })
    expect(await post(form.url, form.formData, 'content')).toBe(200)
    expect(await client('report', { cloudPath: '一 b.txt' })).toMatchObject({ success: true, data: {} })
    expect(await (await fetch(form.fileUrl)).text()).toBe('content')
    const fileList = [form.fileUrl]
    expect((await client('getTempFileURL', { fileList })).data).toEqual({
      fileList: [{ fileID: form.fileUrl, tempFileURL: form.fileUrl }],
    })
    const deleted = { fileList: [{ fileID: form.fileUrl, code: 'SUCCESS' }] }
    expect((await client('delete', { fileList })).data).toEqual(deleted)
    expect((await fetch(form.fileUrl)).status).toBe(404)
  })

  it.each([
    ['192.168.1.5:7100', 'http://192.168.1.5:7100'],
    ['[fe80::1]:7100', 'http://[fe80::1]:7100'],
    ['laptop.local', 'http://laptop.local'],
    ['a@evil.example/x?', undefined],
  ])('gets URLs at the address it called: %s', async (host, base) => {
    const body = JSON.stringify({
      method: 'serverless.file.resource.generateProximalSign',
      params: '{"cloudPath":"a.txt"}',
    })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const { hostname, port } = new URL(url)
      request({ hostname, port, path: '/client', method: 'POST', headers: { host } }, resolve)
        .on('error', reject)
        .end(body)
    })
    const { data } = (await json(response)) as { data: { url: string; fileUrl: string } }
    expect(data.url).toBe(`${base ?? url}/_unicloud/storage/~upload`)
    expect(data.fileUrl).toBe(`${base ?? url}/_unicloud/storage/a.txt`)
  })

  it('uploads with the form of aliyun, which overwrites nothing', async () => {
    const params = { env: 'public', filename: 'a.png', fileId: '/dir/a.png' }
    const upload = async () => {
      const { data } = await client('generateProximalSign', params)
      const { host, ossPath, policy, cdnDomain } = data as Record<string, string>
      const status = await post(`http://${host}`, { key: ossPath ?? '', policy: policy ?? '' }, 'png')
      return { status, fileID: `http://${cdnDomain}/${ossPath}` }
    }
    const first = await upload()
    expect(first).toEqual({ status: 200, fileID: `${url}/_unicloud/storage/dir/a.png` })
    expect(await (await fetch(first.fileID)).text()).toBe('png')
    expect((await upload()).status).toBe(614)
    const info = await client('info', { id: `${first.fileID},https://elsewhere.example/x` })
    expect(info.data).toEqual([{ url: first.fileID }, { url: 'https://elsewhere.example/x' }])
  })

  it.each([
    [{ cloudPath: '../x' }, 'INVALID_PARAM'],
    [{ cloudPath: '~qiniu/x' }, 'INVALID_PARAM'],
    [{ filename: 'a.html' }, 'ParamInvalid'],
  ])('is refused: %j', async (params, code) => {
    expect((await client('generateProximalSign', params)).error).toMatchObject({ code })
  })
})
