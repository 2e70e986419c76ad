/** The control API: JSON in, JSON out, for tests, the command line and the web console (payment-platforms.md §1.2). */

import { rfc3339 } from '../core/beijing-time.ts'
import { type Answer, type ApiRequest, jsonAnswer } from '../core/exchange.ts'
import { publicStatus } from '../core/order.ts'
import { RouteTable } from '../core/route-table.ts'
import type { Simulator } from '../core/simulator.ts'
import { platformHosts } from '../hosts.ts'
import { sm2Pkcs8 } from '../keys/huawei-sm2-merchant.ts'
import { configText, uniPayConfig } from '../keys/uni-pay-config.ts'
import type { Actions } from './actions.ts'
import { failureAnswer, NotFound } from './answers.ts'
import { bodies, readJson } from './bodies.ts'
import { durationMs } from './duration.ts'
import { attemptView, callView, kindsView, noticeView, orderView, refundView } from './views.ts'

interface Asked {
  query: URLSearchParams
  body: string
  params: Record<string, string>
}

/** An Answer, or what is sent as JSON. */
type Handler = (asked: Asked) => object | Promise<object>

const ends = ['scan', 'fail', 'close', 'expire', 'revoke'] as const

export class ControlApi {
  readonly #simulator: Simulator
  readonly #actions: Actions
  readonly #routes = new RouteTable<Handler>()

  constructor(simulator: Simulator, actions: Actions) {
    this.#simulator = simulator
    this.#actions = actions
    this.#addState()
    this.#addOrders()
    this.#addNotices()
    this.#addFaults()
  }

  /** @param path below the mount: `/orders/…` */
  async answer(request: ApiRequest, path: string): Promise<Answer> {
    try {
      const hit = this.#routes.match(request.method, path)
      if (!hit) throw new NotFound(`the sandbox has no ${request.method} ${path}`)
      const { query, body } = request
      const result = await hit.value({ query, body, params: hit.params })
      await this.#simulator.flush()
      return isAnswer(result) ? result : jsonAnswer(200, result)
    } catch (error) {
      const answer = failureAnswer(error)
      if (!answer) throw error
      return answer
    }
  }

  // internals

  #addState(): void {
    const simulator = this.#simulator
    this.#routes.add('GET', '/state', () => this.#state())
    this.#routes.add('POST', '/reset', async ({ body }) => {
      await simulator.reset(readJson(body, bodies.reset).seed)
      return this.#state()
    })
    this.#routes.add('GET', '/config', ({ query }) => this.#config(query.get('format') ?? 'json'))
    this.#routes.add('GET', '/config/huawei-sm2', () => this.#sm2Config())
    this.#routes.add('GET', '/settings', () => simulator.settings.values)
    this.#routes.add('POST', '/settings', ({ body }) => {
      const settings = simulator.settings.change(readJson(body, bodies.settings))
      simulator.agenda.wake()
      return settings
    })
    this.#routes.add('POST', '/clock', async ({ body }) =>
      this.#advance(readJson(body, bodies.clock).advance),
    )
    this.#routes.add('POST', '/codes', ({ body }) => {
      const {
        provider,
        kind = provider === 'alipay' ? 'alipay' : 'jscode',
        openid,
      } = readJson(body, bodies.code)
      const { alipay, wechat } = simulator.keys.constants
      const user = openid ?? (kind === 'alipay' ? alipay.buyer_id : wechat.openid)
      return { code: simulator.codes.issue(kind, user), kind, openid: user }
    })
    this.#routes.add('GET', '/requests', ({ query }) =>
      simulator.calls.calls(Number(query.get('limit') ?? 100)).map(callView),
    )
  }

  #addOrders(): void {
    const actions = this.#actions
    const view = (order: Parameters<typeof orderView>[1]): object => orderView(this.#simulator, order)
    this.#routes.add('GET', '/orders', ({ query }) => this.#orders(query).map(view))
    // What an app hands to a platform's client SDK, as if the cashier opened now.
    this.#routes.add('POST', '/orders', ({ body }) => view(actions.open(readJson(body, bodies.open).client)))
    this.#routes.add('GET', '/orders/:id', ({ params }) => view(actions.order(params.id ?? '')))
    this.#routes.add('POST', '/orders/:id/pay', async ({ params, body }) =>
      view(await actions.pay(params.id, readJson(body, bodies.pay))),
    )
    this.#routes.add('POST', '/pay', async ({ body }) =>
      view(await actions.pay(undefined, readJson(body, bodies.pay))),
    )
    this.#routes.add('POST', '/purchases', async ({ body }) => {
      const order = await actions.purchase(readJson(body, bodies.purchase))
      return { ...this.#simulator.apple.handOut(order), order: view(order) }
    })
    for (const how of ends) {
      this.#routes.add('POST', `/orders/:id/${how}`, async ({ params }) =>
        view(await actions.end(params.id ?? '', how)),
      )
    }
    this.#routes.add('POST', '/refunds', async ({ body }) => {
      const { order: id, amount, reason } = readJson(body, bodies.refund)
      const { order, refund } = await actions.refund(id, amount, reason)
      return refundView(order, refund)
    })
    this.#routes.add('POST', '/refunds/:id/settle', async ({ params, body }) => {
      const { order, refund } = await actions.settle(params.id ?? '', readJson(body, bodies.settle).status)
      return refundView(order, refund)
    })
  }

  #addNotices(): void {
    const actions = this.#actions
    this.#routes.add('GET', '/notifications', ({ query }) => {
      const outTradeNo = query.get('out_trade_no')
      return this.#simulator.outbox.list(outTradeNo ? { outTradeNo } : {}).map(noticeView)
    })
    this.#routes.add('GET', '/notifications/:id', ({ params }) => noticeView(actions.notice(params.id ?? '')))
    this.#routes.add('POST', '/notifications/:id/deliver', async ({ params, body }) => {
      const { times, mutate, args } = readJson(body, bodies.deliver)
      const attempts = await actions.deliver(params.id ?? '', times, mutate, args)
      return { ...noticeView(actions.notice(params.id ?? '')), delivered: attempts.map(attemptView) }
    })
  }

  #addFaults(): void {
    const actions = this.#actions
    const { faults } = this.#simulator
    this.#routes.add('GET', '/faults', () => [...faults.list()])
    this.#routes.add('GET', '/faults/kinds', () => kindsView())
    this.#routes.add('POST', '/faults', ({ body }) => {
      const { match, ...wanted } = readJson(body, bodies.fault)
      return actions.arm({ ...wanted, match: withoutAbsent(match) })
    })
    this.#routes.add('DELETE', '/faults', async () => {
      await faults.clear()
      return []
    })
    this.#routes.add('DELETE', '/faults/:id', ({ params }) => {
      if (!faults.remove(params.id ?? '')) throw new NotFound(`there is no fault ${params.id}`)
      return [...faults.list()]
    })
  }

  #orders(query: URLSearchParams): ReturnType<Simulator['ledger']['orders']> {
    const [provider, outTradeNo, status] = ['provider', 'out_trade_no', 'status'].map((name) =>
      query.get(name),
    )
    return this.#simulator.ledger
      .orders()
      .filter((order) => !provider || order.provider === provider)
      .filter((order) => !outTradeNo || order.outTradeNo === outTradeNo)
      .filter((order) => !status || publicStatus(order) === status)
  }

  #state(): object {
    const { clock, ledger, outbox, faults, settings } = this.#simulator
    return {
      time: rfc3339(clock.now()),
      aheadMs: clock.aheadMs,
      hosts: platformHosts,
      orders: ledger.orders().length,
      notifications: outbox.list().length,
      faults: faults.list().length,
      settings: settings.values,
    }
  }

  #config(format: string): object {
    const config = uniPayConfig(this.#simulator.keys.material, this.#simulator.notifyUrl())
    if (format !== 'js') return config
    const headers = { 'Content-Type': 'text/javascript; charset=utf-8' }
    return { status: 200, headers, body: configText(config) } satisfies Answer
  }

  /** What a Huawei merchant that signs with SM2 needs; uni-pay has RSA only. */
  #sm2Config(): object {
    const { constants, huawei } = this.#simulator.keys
    return {
      appId: constants.huawei.app_id,
      mchId: constants.huawei.merc_no,
      mchAuthId: huawei.sm2Merchant.authId,
      mchPrivateKey: sm2Pkcs8(huawei.sm2Merchant),
      mchPrivateKeyHex: huawei.sm2Merchant.privateHex,
      mchPublicKeyHex: huawei.sm2Merchant.publicHex,
      platformPublicKey: huawei.sm2PublicHex,
    }
  }

  /** Answers what happened on the way. */
  async #advance(by: string | number): Promise<object> {
    const { clock, ledger, outbox } = this.#simulator
    const from = clock.now()
    const attemptsBefore = new Map(outbox.list().map((notice) => [notice.id, notice.attempts.length]))
    await this.#simulator.advance(durationMs(by))
    const within = (at: number | undefined): boolean => at !== undefined && at >= from
    return {
      time: rfc3339(clock.now()),
      aheadMs: clock.aheadMs,
      notifications: outbox
        .list()
        .map((notice) => ({ notice, fresh: notice.attempts.slice(attemptsBefore.get(notice.id) ?? 0) }))
        .filter(({ fresh }) => fresh.length > 0)
        .map(({ notice, fresh }) => ({ ...noticeView(notice), attempts: fresh.map(attemptView) })),
      expired: ledger
        .orders()
        .filter((order) => order.status === 'EXPIRED' && within(order.closedAt))
        .map(({ id, outTradeNo }) => ({ id, out_trade_no: outTradeNo })),
      settled: ledger
        .orders()
        .flatMap((order) =>
          order.refunds.filter(({ doneAt }) => within(doneAt)).map((refund) => refundView(order, refund)),
        ),
    }
  }
}

// internals

function isAnswer(result: object): result is Answer {
  return 'status' in result && 'headers' in result && 'body' in result && typeof result.status === 'number'
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
