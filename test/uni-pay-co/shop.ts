/** A space with uni-pay-co and the payment sandbox beside it, as a client, an administrator and a platform see it. */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { outcomeValue } from '../../runtime/invocation.ts'
import { fireOnce } from '../../runtime/timers.ts'
import type { LogLine } from '../../sandbox/core/call-log.ts'
import { platformHosts } from '../../sandbox/hosts.ts'
import { createSandbox, MOUNT, type Sandbox } from '../../sandbox/sandbox.ts'
import { createSpace, type TestSpace, type TestSpaceOptions } from '../../test-kit/index.ts'
import { material, notifyOrigin, paymentProject, tokenSecret } from './project.ts'

export type Row = Record<string, unknown>
export type Answer = Row & { out_trade_no: string; order: Row; errCode: unknown; errMsg: string }
type PayObject = Record<string, (...params: unknown[]) => Promise<Answer>>

export const openid = material.constants.wechat.openid ?? 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'

export const clientInfo = {
  platform: 'mp-weixin',
  appId: '__UNI__TEST',
  deviceId: 'd1',
  clientIP: '127.0.0.1',
  userAgent: 'test',
  locale: 'zh-Hans',
}

/** What `createOrder` is usually given, with changes. @param count makes its number unlike those of others */
export function orderParams(count: number, change: Row = {}): Row {
  return {
    provider: 'wxpay',
    total_fee: 100,
    type: 'count',
    description: '测试订单',
    order_no: `2026${String(count).padStart(16, '0')}`,
    openid,
    ...change,
  }
}

export class Shop {
  readonly space: TestSpace
  readonly #origin: string
  readonly #sandbox: Sandbox
  readonly #end: () => Promise<void>
  #orders = 0

  private constructor(space: TestSpace, origin: string, sandbox: Sandbox, end: () => Promise<void>) {
    this.space = space
    this.#origin = origin
    this.#sandbox = sandbox
    this.#end = end
  }

  static async open(
    options: TestSpaceOptions & {
      config?: (text: string) => string
      files?: Record<string, string>
    } = {},
  ): Promise<Shop> {
    const { config, files, ...spaceOptions } = options
    const project = await paymentProject(config, files)
    const directory = await mkdtemp(path.join(tmpdir(), 'uni-pay-co-sandbox-'))
    let answer: Parameters<typeof createServer>[1]
    const server = createServer((req, res) => answer?.(req, res))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const hostMap = Object.fromEntries(platformHosts.map((host) => [host, `${origin}${MOUNT}/hosts/${host}`]))
    const space = await createSpace({
      project: project.folder,
      hostMap,
      network: 'loopback',
      ...spaceOptions,
    })
    const own = new URL((await space.request('/_unicloud/api/health')).url).origin
    const log: LogLine[] = []
    const sandbox = createSandbox({
      directory,
      clock: space.space.clock,
      log: (line) => void log.push(line),
      publicUrl: origin,
      seed: 'vectors',
      settings: { notifyRewrite: { [notifyOrigin]: own } },
    })
    answer = (req, res) => void sandbox.handler(req, res)
    return new Shop(space, origin, sandbox, async () => {
      await space.close()
      await sandbox.close()
      server.closeAllConnections()
      server.close()
      await project.remove()
      await rm(directory, { recursive: true, force: true })
    })
  }

  async close(): Promise<void> {
    await this.#end()
  }

  /** What a client gets, failures included. */
  pay(caller: { clientInfo?: Row; uniIdToken?: string } = {}): PayObject {
    const object = this.space
      .as({
        clientInfo: { ...clientInfo, ...caller.clientInfo },
        clientIP: '127.0.0.1',
        userAgent: String(caller.clientInfo?.userAgent ?? 'test'),
        ...(caller.uniIdToken ? { uniIdToken: caller.uniIdToken } : {}),
      })
      .importObject('uni-pay-co')
    return new Proxy({} as PayObject, {
      get: (_, method: string) =>
        method === 'then'
          ? undefined
          : async (...params: unknown[]) => {
              try {
                return await object[method]?.(...params)
              } catch (error) {
                const { detail, errCode, errMsg, message } = error as Row
                return (
                  (detail as Answer) ??
                  ({ errCode, errMsg: errMsg ?? message, thrown: true } as unknown as Answer)
                )
              }
            },
    })
  }

  get admin(): PayObject {
    return this.pay({ uniIdToken: this.token({ role: ['admin'] }) })
  }

  /** @param lifetime s */
  token(payload: Row, lifetime = 7200): string {
    const iat = Math.floor(this.space.clock.now().getTime() / 1000)
    const content = {
      uid: 'u1',
      role: [],
      permission: [],
      ...payload,
      uniIdVersion: '1.0.19',
      iat,
      exp: iat + lifetime,
    }
    const encoded = [{ alg: 'HS256', typ: 'JWT' }, content]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${encoded}.${createHmac('sha256', tokenSecret).update(encoded).digest('base64url')}`
  }

  orderParams(change: Row = {}): Row {
    return orderParams(++this.#orders, change)
  }

  async order(change: Row = {}, client: Row = {}): Promise<Answer> {
    return await this.pay({ clientInfo: client }).createOrder!(this.orderParams(change))
  }

  /** An order that is paid, and settled. */
  async paidOrder(change: Row = {}, client: Row = {}): Promise<Answer> {
    const order = await this.order(change, client)
    await this.control('POST', `/orders/${order.out_trade_no}/pay`)
    return order
  }

  /** The sandbox's control API. */
  async control<T = Row>(method: string, target: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#origin}${MOUNT}${target}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as T
    if (response.status !== 200)
      throw new Error(`${method} ${target}: ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }

  async fault(fault: string, args: Row = {}, times = 1): Promise<void> {
    await this.control('POST', '/faults', { fault, args, times })
  }

  /** The notifications of an order, oldest first. */
  async notices(outTradeNo: string): Promise<(Row & { id: string; attempts: Row[] })[]> {
    const list = await this.control<(Row & { id: string; attempts: Row[] })[]>(
      'GET',
      `/notifications?out_trade_no=${outTradeNo}`,
    )
    return list.reverse()
  }

  /** Waits until so many notifications of an order have been answered. */
  async answered(outTradeNo: string, count: number): Promise<void> {
    await this.until(async () => {
      const notices = await this.notices(outTradeNo)
      return notices.filter(({ attempts }) => attempts.length > 0).length === count
    })
  }

  /** Sends the payment notification of an order again. */
  async redeliver(outTradeNo: string, body: Row = {}): Promise<Row[]> {
    const notice = (await this.notices(outTradeNo)).find(({ kind }) => kind === 'payment')
    const sent = await this.control<{ delivered: Row[] }>(
      'POST',
      `/notifications/${notice!.id}/deliver`,
      body,
    )
    return sent.delivered
  }

  /** A genuine payment notification of an order, as the platform would send it now; it does not arrive. */
  async capture(outTradeNo: string): Promise<{ headers: Record<string, string>; body: string }> {
    const simulator = await this.#sandbox.open()
    const [notice] = simulator.outbox.list({ outTradeNo })
    if (!notice) throw new Error(`order ${outTradeNo} has no notification`)
    const platform = simulator.platforms.find(({ id }) => id === notice.platform)
    const { headers, body } = await platform!.notices.compose(notice)
    return { headers, body }
  }

  /** A job: `unicloud-local run uni-pay-co --timing`. */
  async reconcile(): Promise<unknown> {
    const { space } = this.space
    const entry = space.manifest.functions['uni-pay-co']!
    const outcome = await fireOnce(space, entry, { at: this.space.clock.now() })
    if (!outcome.ok) throw new Error(outcome.failure.errMsg)
    return outcomeValue(outcome)
  }

  async row(outTradeNo: string): Promise<Row> {
    const [row] = await this.rows({ out_trade_no: outTradeNo })
    return row ?? {}
  }

  async rows(condition: Row = {}, collection = 'uni-pay-orders'): Promise<Row[]> {
    const db = await this.space.db()
    const { data } = (await db.collection(collection).where(condition).get()) as { data: Row[] }
    return data
  }

  async update(outTradeNo: string, change: Row): Promise<void> {
    const db = await this.space.db()
    await db.collection('uni-pay-orders').where({ out_trade_no: outTradeNo }).update(change)
  }

  /** How often the callback was run for an order. */
  async callbacks(outTradeNo: string): Promise<number> {
    return (await this.rows({ out_trade_no: outTradeNo }, 'test-callbacks')).length
  }

  /** API calls that reached the sandbox. */
  async requests(): Promise<Row[]> {
    return await this.control<Row[]>('GET', '/requests?limit=1000')
  }

  /** @throws Error when it does not come true within 10 s */
  async until(met: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (await met()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('it did not come true')
  }
}
