/**
 * A project under `dev` as its clients, its administrator and the payment platforms see it: over HTTP only. What holds
 * after every scenario is checked here (spec/payment-scenarios.md).
 */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { type DevServer, startDevServer } from '../../runtime/dev-server.ts'
import { material, notifyOrigin, paymentProject, tokenSecret } from '../uni-pay-co/project.ts'
import { openid, orderParams } from '../uni-pay-co/shop.ts'

export type Row = Record<string, unknown>
export type Answer = Row & { out_trade_no: string; order: Row }

/** Both stores that scenarios run on. */
export const databases = ['embedded', 'wire server'] as const
export type DatabaseKind = (typeof databases)[number]

export { openid }

const clientInfo = {
  platform: 'mp-weixin',
  appId: '__UNI__TEST',
  deviceId: 'd1',
  clientIP: '127.0.0.1',
  userAgent: 'test',
  locale: 'zh-Hans',
}

export interface Call {
  client?: Row
  token?: string
}

interface Notice extends Row {
  id: string
  kind: string
  state: string
  attempts: {
    status: number | null
    verdict: string
    answer: string | null
    time: string
    took_ms: number | null
  }[]
}

export class World {
  readonly url: string
  readonly #server: DevServer
  readonly #end: () => Promise<void>
  #orders = 0
  #seen = 0

  private constructor(server: DevServer, end: () => Promise<void>) {
    this.#server = server
    this.url = server.listening.url
    this.#end = end
  }

  /**
   * @param database `wire server`: the engine behind its MongoDB wire protocol, reached by the official driver
   * @param config change of uni-pay's `config.js`
   */
  static async open(
    database: DatabaseKind,
    config: (text: string) => string = (text) => text,
  ): Promise<World> {
    // The address that `sandbox keys` writes; the space listens elsewhere, and is reached all the same.
    const project = await paymentProject((text) =>
      config(text.replace(notifyOrigin, 'http://127.0.0.1:7100')),
    )
    const data = await mkdtemp(path.join(tmpdir(), 'scenarios-'))
    const serve = (flags: Row): Promise<DevServer> => {
      const fixed = { project: project.folder, port: 0, timers: false, sandbox: true, network: 'loopback' }
      return startDevServer(resolveOptions({ flags: { ...fixed, ...flags }, cwd: data }), { watch: false })
    }
    const engine =
      database === 'wire server'
        ? await serve({ data: path.join(data, 'engine'), dbPort: 0, sandbox: false })
        : undefined
    const server = await serve({ data, database: engine ? wireUri(engine) : 'embedded' })
    const world = new World(server, async () => {
      await server.close(0)
      await engine?.close(0)
      await project.remove()
      await rm(data, { recursive: true, force: true, maxRetries: 5 })
    })
    await world.reset()
    return world
  }

  async close(): Promise<void> {
    await this.#end()
  }

  /** Before each scenario. */
  async reset(): Promise<void> {
    await this.sandbox('POST', '/reset', { seed: 'vectors' })
    for (const collection of ['uni-pay-orders', 'opendb-open-data', 'test-callbacks']) {
      await this.#command({ delete: collection, deletes: [{ q: {}, limit: 0 }] })
    }
    this.#seen = this.#server.space.logs.list().at(-1)?.seq ?? 0
  }

  /** After each scenario. @param strict whether every call of a platform must have been signed well */
  async check(strict = true): Promise<void> {
    for (const { attempts } of await this.notices()) {
      for (const { verdict, answer, took_ms } of attempts) {
        if (verdict !== 'accepted') continue
        expect(answer).not.toMatch(/FAIL|fail/)
        // The platforms wait no longer, and took it for an answer: this is about what the sandbox has recorded.
        expect(took_ms).toBeLessThan(5000)
      }
    }
    const lines = this.#server.space.logs.list(this.#seen).map(({ text }) => text)
    const { keys, constants } = material
    const secrets = [
      constants.wechat.v2_key,
      constants.wechat.v3_key,
      constants.wechat.secret,
      constants.wechat_virtual.app_key,
      constants.wechat_virtual.session_key,
      constants.wechat_virtual.access_token,
      constants.apple.shared_secret,
      keys.alipay_app_private_pkcs8.slice(100, 160),
      keys.wechat_merchant_private_pkcs8.slice(100, 160),
      this.token({ role: ['admin'] }).split('.')[0],
    ]
    for (const secret of secrets) expect(lines.filter((line) => line.includes(secret ?? '?'))).toEqual([])
    expect(lines.filter((line) => /unhandled/i.test(line))).toEqual([])
    if (!strict) return
    const calls = await this.requests()
    expect(calls.filter(({ verification }) => (verification as Row).ok === false)).toEqual([])
  }

  /** A method of uni-pay-co, as the control API answers: its result, or what was thrown. */
  async pay(method: string, params: Row, { client = {}, token }: Call = {}): Promise<Answer> {
    const info = { ...clientInfo, ...client }
    const body = { params: [params], clientInfo: info, ...(token ? { uniIdToken: token } : {}) }
    const answer = await this.post(`/_unicloud/api/objects/uni-pay-co/${method}`, body)
    return (answer.result ?? answer) as Answer
  }

  /** @param change members that differ from the defaults */
  async order(change: Row = {}, call: Call = {}): Promise<Answer> {
    return await this.pay('createOrder', this.orderParams(change), call)
  }

  orderParams(change: Row = {}): Row {
    return orderParams(++this.#orders, change)
  }

  /** @returns number of an order that is paid and settled */
  async paidOrder(change: Row = {}, call: Call = {}): Promise<string> {
    const { out_trade_no } = await this.order(change, call)
    await this.payBy(out_trade_no)
    return out_trade_no
  }

  /** The payer pays. @param how `{client}`: with what the app was handed */
  async payBy(outTradeNo: string, how: Row = {}): Promise<Row> {
    return await this.sandbox('POST', `/orders/${outTradeNo}/pay`, how)
  }

  async refund(params: Row): Promise<Answer> {
    return await this.pay('refund', params, { token: this.token({ role: ['admin'] }) })
  }

  /** The sandbox's control API. @throws Error when it refuses */
  async sandbox<T = Row>(method: string, target: string, body?: Row): Promise<T> {
    const response = await fetch(`${this.url}/_unicloud/sandbox${target}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${text}`)
    return JSON.parse(text) as T
  }

  async fault(fault: string, args: Row = {}, times = 1): Promise<void> {
    await this.sandbox('POST', '/faults', { fault, args, times })
  }

  /** Of one order, where others are about. */
  async faultOf(out_trade_no: string, fault: string, args: Row = {}, times = 1): Promise<void> {
    await this.sandbox('POST', '/faults', { fault, args, times, match: { out_trade_no } })
  }

  async advance(by: string): Promise<void> {
    await this.sandbox('POST', '/clock', { advance: by })
  }

  /** The oldest first. */
  async notices(outTradeNo?: string): Promise<Notice[]> {
    const query = outTradeNo === undefined ? '' : `?out_trade_no=${outTradeNo}`
    return (await this.sandbox<Notice[]>('GET', `/notifications${query}`)).reverse()
  }

  /** API calls that reached a platform. */
  async requests(): Promise<Row[]> {
    return await this.sandbox<Row[]>('GET', '/requests?limit=1000')
  }

  /** A document of `uni-pay-orders`. */
  async row(outTradeNo: string): Promise<Row> {
    return (await this.find('uni-pay-orders', { out_trade_no: outTradeNo }))[0] ?? {}
  }

  /** How often callbacks ran. */
  async callbacks(outTradeNo: string): Promise<number> {
    return (await this.find('test-callbacks', { out_trade_no: outTradeNo })).length
  }

  async find(collection: string, filter: Row = {}): Promise<Row[]> {
    const { cursor } = (await this.#command({ find: collection, filter })) as {
      cursor: { firstBatch: Row[] }
    }
    return cursor.firstBatch
  }

  async post(target: string, body: object): Promise<Row> {
    const response = await fetch(`${this.url}${target}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Row
  }

  logText(): string {
    return this.#server.space.logs
      .list(this.#seen)
      .map(({ text }) => text)
      .join('\n')
  }

  /** @param lifetime s */
  token(payload: Row, lifetime = 7200): string {
    const iat = Math.floor(Date.now() / 1000)
    const user = { uid: 'u1', role: [], permission: [], uniIdVersion: '1.0.19' }
    const signed = [
      { alg: 'HS256', typ: 'JWT' },
      { ...user, ...payload, iat, exp: iat + lifetime },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${signed}.${createHmac('sha256', tokenSecret).update(signed).digest('base64url')}`
  }

  /** @throws Error when it does not come true in time, in ms */
  async until(met: () => Promise<boolean>, patience = 10_000): Promise<void> {
    for (let waited = 0; waited < patience; waited += 50) {
      if (await met()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('it did not come true')
  }

  // internals

  async #command(command: Row): Promise<Row> {
    return await this.post('/_unicloud/api/database', command)
  }
}

// internals

/** As the log tells it. */
function wireUri({ space }: DevServer): string {
  const uri = space.logs
    .list()
    .map(({ text }) => /mongodb:\/\/\S+/.exec(text)?.[0])
    .find((found) => found !== undefined)
  if (uri === undefined) throw new Error('the engine does not say where it listens')
  return uri
}
