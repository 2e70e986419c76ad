import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { cli, dev, serving, temporaryFolder } from './run-cli.ts'

const configFolder = 'uniCloud-aliyun/cloudfunctions/common/uni-config-center/uni-pay'

test('keys, an order, its payment: a project takes money under dev', async () => {
  const project = await newProject()
  const made = await cli(['sandbox', 'keys', '--project', project])
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('config.js') })
  await using server = await dev(['--project', project, '--database', 'memory'])
  for (const provider of ['wxpay', 'alipay']) {
    const order = await call(server.url, 'createOrder', {
      provider,
      total_fee: 100,
      type: 'goods',
      description: 'milk',
      order_no: `no-${provider}-1`,
      qr_code: true,
    })
    expect(order).toMatchObject({ errCode: 0, qr_code_image: expect.stringMatching(/^data:image\/png/) })
    const { out_trade_no } = order
    const paid = await post(`${server.url}/_unicloud/sandbox/orders/${out_trade_no}/pay`, {})
    expect(paid).toMatchObject({ status: 'PAID', notifications: [{ state: 'accepted' }] })
    expect(await call(server.url, 'getOrder', { out_trade_no })).toMatchObject({
      has_paid: true,
      user_order_success: true,
    })
  }
  expect(server.output.stderr).toContain('payment notification of')

  const fault = await cli(['sandbox', 'fault', 'notify.lost', '--times', '2', '--url', server.url])
  expect(fault).toMatchObject({ code: 0, stdout: 'notify.lost x2\n' })
  const listed = await cli(['sandbox', 'fault', '--list', '--url', server.url])
  expect(listed.stdout).toMatch(/notify\.duplicate +sends[\s\S]*Waiting:\nnotify\.lost x2\n/)
  const cleared = await cli(['sandbox', 'fault', '--clear', '--list', '--url', server.url])
  expect(cleared.stdout).toMatch(/None waits/)
  const unknown = await cli(['sandbox', 'fault', 'notify.lots', '--url', server.url])
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('--list') })
})

test('a job beside dev asks the platforms that are simulated there', async () => {
  const project = await newProject()
  await cli(['sandbox', 'keys', '--project', project])
  await using server = await dev(['--project', project])
  const order = { provider: 'wxpay', total_fee: 100, type: 'goods', description: 'milk', qr_code: true }
  const { out_trade_no } = await call(server.url, 'createOrder', { ...order, order_no: 'no-beside-1' })
  await post(`${server.url}/_unicloud/sandbox/faults`, { fault: 'notify.lost', match: { out_trade_no } })
  await post(`${server.url}/_unicloud/sandbox/orders/${out_trade_no}/pay`, {})
  const socket = path.join(project, '.unicloud-local', 'database', 'mongodb.sock')
  const database = `mongodb://${encodeURIComponent(socket)}/?directConnection=true`
  const params = JSON.stringify([{ out_trade_no }])
  const asked = [
    'run',
    'uni-pay-co.getOrder',
    '--project',
    project,
    '--database',
    database,
    '--params',
    params,
  ]
  const answer = await cli(asked)
  expect(answer.code, answer.stderr).toBe(0)
  expect(JSON.parse(answer.stdout)).toMatchObject({ has_paid: true, status: 0 })
})

test('a configuration that is there is left alone', async () => {
  const project = await newProject()
  const file = path.join(project, configFolder, 'config.js')
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, 'module.exports = { mine: true }')
  const made = await cli(['sandbox', 'keys', '--project', project])
  expect(made).toMatchObject({ code: 2, stderr: expect.stringContaining('config.js') })
  expect(await readFile(file, 'utf8')).toBe('module.exports = { mine: true }')
})

test('a project that does not pay has no sandbox; --no-sandbox forbids one', async () => {
  const project = await newProject()
  const folder = path.join(project, '.unicloud-local', 'sandbox')
  await using server = await dev(['--project', project])
  expect((await fetch(`${server.url}/_unicloud/api/health`)).status).toBe(200)
  expect(existsSync(folder)).toBe(false)
  await using without = await dev(['--project', project, '--no-sandbox', '--database', 'memory'])
  expect((await fetch(`${without.url}/_unicloud/sandbox/state`)).status).toBe(404)
  await using again = await dev(['--project', project, '--sandbox', '--database', 'memory'])
  expect((await fetch(`${again.url}/_unicloud/sandbox/state`)).status).toBe(200)
})

test('a notification that waits goes out after a restart, to where the space listens then', async () => {
  const project = await newProject()
  const keys = ['--sandbox-keys', 'published']
  await cli(['sandbox', 'keys', '--project', project, ...keys])
  const first = await dev(['--project', project, ...keys])
  const goods = { total_fee: 1, type: 'goods', description: 'milk', order_no: 'restart', qr_code: true }
  const { out_trade_no } = await call(first.url, 'createOrder', { provider: 'wxpay', ...goods })
  await cli(['sandbox', 'fault', 'notify.lost', '--url', first.url])
  const paid = await post(`${first.url}/_unicloud/sandbox/orders/${out_trade_no}/pay`, {})
  expect(paid).toMatchObject({ notifications: [{ state: 'waiting' }] })
  expect(await first.stop()).toBe(0)

  await using second = await dev(['--project', project, ...keys])
  await post(`${second.url}/_unicloud/sandbox/clock`, { advance: '1m' })
  expect(await call(second.url, 'getOrder', { out_trade_no })).toMatchObject({
    status: 1,
    user_order_success: true,
  })
})

test('alone, it answers for the platforms at an address of its own', async () => {
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  await using alone = await serving(['sandbox', '--port', '0', '--data', data, '--sandbox-keys', 'published'])
  const { url } = alone
  expect(await (await fetch(`${url}/_unicloud/sandbox/state`)).json()).toMatchObject({ orders: 0 })
  const refused = await fetch(`${url}/v3/pay/transactions/native`, {
    method: 'POST',
    headers: { 'x-forwarded-host': 'api.mch.weixin.qq.com' },
    body: '{}',
  })
  expect(refused.status).toBe(401)
  expect(await alone.stop()).toBe(0)
})

test('alone beside dev, in its folder: refused, with the address of the one that has it', async () => {
  const project = await newProject()
  const keys = ['--sandbox-keys', 'published']
  await using server = await dev(['--project', project, ...keys])
  expect((await fetch(`${server.url}/_unicloud/sandbox/state`)).status).toBe(200)
  const refused = await cli(['sandbox', '--project', project, '--port', '0', ...keys])
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain(`whose sandbox is at ${server.url}`)
})

// internals

async function newProject(): Promise<string> {
  const project = await temporaryFolder()
  onTestFinished(() => rm(project, { recursive: true, force: true }))
  const notify = path.join(
    project,
    'uniCloud-aliyun/cloudfunctions/common/uni-config-center/uni-pay/notify/goods.js',
  )
  await mkdir(path.dirname(notify), { recursive: true })
  await writeFile(notify, 'module.exports = async () => true')
  return project
}

type Answer = Record<string, unknown>

async function call(url: string, method: string, params: Answer): Promise<Answer> {
  const clientInfo = { platform: 'web', appId: '__UNI__SHOP', clientIP: '127.0.0.1', userAgent: 'test' }
  const body = { params: [params], clientInfo }
  return (await post(`${url}/_unicloud/api/objects/uni-pay-co/${method}`, body)).result as Answer
}

async function post(url: string, body: object): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Answer
}
