/** A project that takes payments, served by `dev` as one instance, and orders that wait to be paid. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readKeyMaterial } from '../../sandbox/keys/key-material.ts'
import { configText, uniPayConfig } from '../../sandbox/keys/uni-pay-config.ts'
import published from '../../sandbox/keys/vector-keys.json' with { type: 'json' }
import { devCommand, freePort, type RunningServer, startServer } from '../server.ts'

export const material = readKeyMaterial(published, 'vector-keys.json')

export interface ShopServer extends RunningServer {
  /** A method of a cloud object, as clients call it. @throws Error when its answer has an errCode that is not 0 */
  call(object: string, method: string, params: object): Promise<Row>
  /** Of the payment sandbox. */
  control(method: string, target: string): Promise<Row>
  command(command: object): Promise<Row>
  /** A cloud function. @returns its result */
  run(name: string, data: object): Promise<unknown>
}

export type Row = Record<string, unknown>

/** Orders as `createOrder` leaves them, of a mini program. */
export interface UnpaidOrder {
  outTradeNo: string
  total: number
}

export async function openShop(): Promise<ShopServer> {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-bench-'))
  const port = await freePort()
  await writeFiles(root, {
    'unicloud-local.config.json': JSON.stringify({ sandboxKeys: 'published', maxInstances: 1 }),
    ...cloudFunctions(port),
  })
  const server = await startServer({ ...devCommand(root), port })
  const ask = async (method: string, target: string, body?: object): Promise<Row> => {
    const response = await fetch(`${server.url}${target}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as Row
    if (!response.ok || answer.errCode) throw new Error(`${target}: ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    ...server,
    call: async (object, method, params) => {
      const { result } = await ask('POST', `/_unicloud/api/objects/${object}/${method}`, {
        params: [params],
        clientInfo: { platform: 'mp-weixin', appId: '__UNI__BENCH', clientIP: '127.0.0.1' },
      })
      const answer = result as Row
      if (answer.errCode) throw new Error(`${object}.${method}: ${JSON.stringify(answer)}`)
      return answer
    },
    control: (method, target) => ask(method, `/_unicloud/sandbox${target}`),
    command: (command) => ask('POST', '/_unicloud/api/database', command),
    run: async (name, data) => (await ask('POST', `/_unicloud/api/functions/${name}`, { data })).result,
    stop: async () => {
      await server.stop()
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Writes orders, and what they are for, straight into the database. */
export async function prepareOrders(shop: ShopServer, count: number): Promise<UnpaidOrder[]> {
  const orders = Array.from({ length: count }, (_, n) => ({
    outTradeNo: `2611260713${String(n).padStart(15, '0')}`,
    total: 100 + n,
  }))
  for (let at = 0; at < count; at += batch) {
    const some = orders.slice(at, at + batch)
    await shop.command({ insert: 'uni-pay-orders', documents: some.map(payRow) })
    await shop.command({ insert: 'goods-orders', documents: some.map(goodsRow) })
  }
  return orders
}

/** Orders of this type that are paid, and whose callback has said that all is well. */
export async function countSettled(shop: ShopServer, type: string): Promise<number> {
  const query = { type, status: 1, user_order_success: true }
  return Number((await shop.command({ count: 'uni-pay-orders', query })).n)
}

// internals

const batch = 500

function payRow({ outTradeNo, total }: UnpaidOrder): Row {
  return {
    provider: 'wxpay',
    provider_pay_type: 'mp',
    uni_platform: 'mp-weixin',
    status: 0,
    type: 'goods',
    order_no: goodsNumber(outTradeNo),
    out_trade_no: outTradeNo,
    client_ip: '127.0.0.1',
    openid: material.constants.wechat.openid,
    description: '一件商品',
    total_fee: total,
    refund_fee: 0,
    refund_count: 0,
    provider_appid: material.constants.wechat.appid,
    appid: '__UNI__BENCH',
    create_date: Date.now(),
    stat_data: { platform: 'mp-weixin', app_version: '1.0.0', channel: '1001' },
  }
}

function goodsRow({ outTradeNo, total }: UnpaidOrder): Row {
  return { _id: goodsNumber(outTradeNo), goods: 'milk', price: total, paid: false }
}

function goodsNumber(outTradeNo: string): string {
  return outTradeNo.slice(3)
}

/** Paths below the project folder -> content. */
function cloudFunctions(port: number): Record<string, string | Buffer> {
  const folder = 'uniCloud-aliyun/cloudfunctions'
  const center = `${folder}/common/uni-config-center/uni-pay`
  const { config, files } = uniPayConfig(material, `http://127.0.0.1:${port}/uni-pay-co`)
  const keys = Object.entries(files).map(([name, text]) => [
    `${center}/${name}`,
    Buffer.from(text, name.endsWith('.p12') ? 'base64' : 'utf8'),
  ])
  return {
    ...Object.fromEntries(keys),
    [`${center}/config.js`]: configText({ config, files }),
    [`${center}/notify/goods.js`]: callback,
    [`${folder}/verify/package.json`]: JSON.stringify({
      name: 'verify',
      dependencies: {
        'uni-pay': 'file:../common/uni-pay',
        'uni-config-center': 'file:../common/uni-config-center',
      },
      'cloudfunction-config': { timeout: 60 },
    }),
    [`${folder}/verify/index.js`]: verify,
  }
}

/** The callback of docs/payments.md, without its line in the log. */
const callback = `const orders = uniCloud.database().collection('goods-orders')

module.exports = async ({ data }) => {
  const { data: [order] } = await orders.where({ _id: data.order_no }).get()
  if (!order || order.price !== data.total_fee) return false
  await orders.where({ _id: data.order_no, paid: false }).update({ paid: true })
  return true
}
`

/** Times verifyPaymentNotify where it is used: inside an instance. */
const verify = `const uniPay = require('uni-pay')
const createConfig = require('uni-config-center')

exports.main = async ({ http, rounds, fresh }) => {
  const { wxpay } = createConfig({ pluginId: 'uni-pay' }).requireFile('config.js')
  let client = uniPay.initWeixinV3({ ...wxpay.mp })
  const times = []
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    if (fresh) client = uniPay.initWeixinV3({ ...wxpay.mp })
    const result = await client.verifyPaymentNotify(http)
    times.push(performance.now() - started)
    if (result.resultCode !== 'SUCCESS') throw new Error('the notification is not believed')
  }
  return times
}
`

async function writeFiles(root: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}
