/** The pages for people: what each address shows, and what each button does. */
import { LocalError } from '../../errors/errors.ts'
import type { Actions } from '../control/actions.ts'
import { failureAnswer, NotFound } from '../control/answers.ts'
import { durationMs } from '../control/duration.ts'
import type { Answer, ApiRequest } from '../core/exchange.ts'
import { isObject, type JsonObject, parseJson } from '../core/json.ts'
import { fenOf } from '../core/money.ts'
import type { Order } from '../core/order.ts'
import { RouteTable } from '../core/route-table.ts'
import type { Simulator } from '../core/simulator.ts'
import { wholeStory } from '../core/unusable.ts'
import { cashierPage, webAddress } from './cashier-page.ts'
import { html } from './html.ts'
import { callPage, callsPage, faultsPage, noticePage, scanPage } from './log-pages.ts'
import { orderPage, ordersPage } from './order-pages.ts'
import { page, seeOther, type View, viewOf } from './view.ts'

interface Asked {
  view: View
  query: URLSearchParams
  form: URLSearchParams
  params: Record<string, string>
}

type Handler = (asked: Asked) => Answer | Promise<Answer>

export class Pages {
  readonly #simulator: Simulator
  readonly #actions: Actions
  readonly #mount: string
  readonly #routes = new RouteTable<Handler>()

  constructor(simulator: Simulator, actions: Actions, mount: string) {
    this.#simulator = simulator
    this.#actions = actions
    this.#mount = mount
    this.#addOrders()
    this.#addLogs()
    this.#addCashier()
  }

  /** @param path below the mount */
  serves(method: string, path: string): boolean {
    return this.#routes.match(method, path) !== undefined
  }

  async answer(request: ApiRequest, path: string): Promise<Answer> {
    const view = viewOf(request, this.#mount)
    try {
      const hit = this.#routes.match(request.method, path)
      if (!hit) throw new NotFound(path)
      const form = new URLSearchParams(request.body)
      const answer = await hit.value({ view, query: request.query, form, params: hit.params })
      await this.#simulator.flush()
      return answer
    } catch (error) {
      return failurePage(view, error, path.startsWith('/pay/'))
    }
  }

  // internals

  #addOrders(): void {
    const simulator = this.#simulator
    const actions = this.#actions
    const back = (view: View, order: Order): Answer => seeOther(view.link(`/ui/orders/${order.id}`))
    this.#routes.add('GET', '/', ({ view }) => ordersPage(view, simulator))
    this.#routes.add('POST', '/ui/clock', async ({ view, form }) => {
      await simulator.advance(durationMs(form.get('advance') ?? ''))
      return seeOther(view.link('/'))
    })
    this.#routes.add('GET', '/ui/orders/:id', ({ view, params }) =>
      orderPage(view, simulator, actions.order(params.id ?? '')),
    )
    this.#routes.add('POST', '/ui/orders/:id/pay', async ({ view, params }) =>
      back(view, await actions.pay(params.id, {})),
    )
    for (const how of ['fail', 'close'] as const) {
      this.#routes.add('POST', `/ui/orders/:id/${how}`, async ({ view, params }) =>
        back(view, await actions.end(params.id ?? '', how)),
      )
    }
    this.#routes.add('POST', '/ui/orders/:id/refund', async ({ view, params, form }) => {
      const amount = fenOf(form.get('amount') ?? '')
      if (!amount) throw new LocalError('USAGE', `"${form.get('amount')}" is no amount in yuan`)
      return back(view, (await actions.refund(params.id ?? '', amount, 'sandbox page')).order)
    })
    this.#routes.add('POST', '/ui/orders/:id/refunds/:refund/settle', async ({ view, params }) =>
      back(view, (await actions.settle(params.refund ?? '', 'SUCCESS')).order),
    )
  }

  #addLogs(): void {
    const simulator = this.#simulator
    const actions = this.#actions
    const notice = '/ui/notifications/:id'
    this.#routes.add('GET', notice, ({ view, params }) => noticePage(view, actions.notice(params.id ?? '')))
    this.#routes.add('POST', `${notice}/deliver`, async ({ view, params }) => {
      await actions.deliver(params.id ?? '')
      return seeOther(view.link(`/ui/notifications/${params.id}`))
    })
    this.#routes.add('GET', '/ui/calls', ({ view }) => callsPage(view, simulator))
    this.#routes.add('GET', '/ui/calls/:id', ({ view, params }) => {
      const call = simulator.calls.calls(Number.MAX_SAFE_INTEGER).find(({ id }) => id === params.id)
      if (!call) throw new NotFound(`there is no call ${params.id}`)
      return callPage(view, call)
    })
    this.#routes.add('GET', '/ui/faults', ({ view }) => faultsPage(view, simulator))
    this.#routes.add('POST', '/ui/faults', ({ view, form }) => {
      const outTradeNo = form.get('out_trade_no')
      actions.arm({
        fault: form.get('fault') ?? '',
        match: outTradeNo ? { out_trade_no: outTradeNo } : {},
        args: argsOf(form.get('args')),
        times: Math.max(1, Number(form.get('times') ?? 1) || 1),
      })
      const order = form.get('order')
      return seeOther(view.link(order ? `/ui/orders/${order}` : '/ui/faults'))
    })
    this.#routes.add('POST', '/ui/faults/:id/remove', ({ view, params }) => {
      simulator.faults.remove(params.id ?? '')
      return seeOther(view.link('/ui/faults'))
    })
    this.#routes.add('GET', '/ui/scan', ({ view }) => scanPage(view))
    this.#routes.add('POST', '/ui/scan', ({ view, form }) => {
      const code = form.get('code') ?? ''
      const order = simulator.ledger.byToken(/\w+$/.exec(code.trim())?.[0] ?? '')
      return order ? seeOther(view.link(`/pay/${order.token}`)) : scanPage(view, code)
    })
  }

  #addCashier(): void {
    this.#routes.add('GET', '/pay/:token', ({ view, params, query }) => {
      const order = this.#byToken(params.token)
      // Looking at it is scanning it.
      this.#simulator.ledger.scan(order)
      const back = webAddress(query.get('redirect_url')) ?? webAddress(this.#returnAddress(order))
      return cashierPage(view, order, { back })
    })
    const act = (action: string, run: (order: Order) => 'failed' | 'left' | undefined): void =>
      void this.#routes.add('POST', `/pay/:token/${action}`, async ({ view, params, form }) => {
        const order = this.#byToken(params.token)
        const done = run(order)
        // The payer does not wait for the merchant to be told.
        setImmediate(() => this.#simulator.agenda.wake())
        // What the merchant is told over the payer is signed when it is paid, not before.
        const back = webAddress(this.#returnAddress(order)) ?? webAddress(form.get('back'))
        return cashierPage(view, order, { back, ...(done ? { done } : {}) })
      })
    act('pay', (order) => {
      this.#simulator.cashier.pay(order)
      return undefined
    })
    act('fail', (order) => {
      this.#simulator.ledger.fail(order)
      return 'failed'
    })
    act('leave', () => 'left')
  }

  #byToken(token = ''): Order {
    const order = this.#simulator.ledger.byToken(token)
    if (!order) throw new NotFound('there is no such order')
    return order
  }

  #returnAddress(order: Order): string | undefined {
    const platform = this.#simulator.platformOf(order)
    return platform.returnAddress?.(order) ?? order.returnUrl
  }
}

// internals

function argsOf(text: string | null): JsonObject {
  if (!text?.trim()) return {}
  const value = parseJson(text)
  if (!isObject(value)) throw new LocalError('USAGE', `the arguments must be a JSON object, not ${text}`)
  return value
}

/** @param open of the cashier, from where nothing else is to be reached @throws a bug of ours */
function failurePage(view: View, error: unknown, open: boolean): Answer {
  const answer = failureAnswer(error)
  if (!answer) throw error
  const { status } = answer
  const title = status === 404 ? view.text.notFound : String((error as Error).message)
  return page(view, title, html`<p class="bad">${wholeStory(error as Error)}</p>`, { status, open })
}
