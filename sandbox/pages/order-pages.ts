/** Orders for people: the list, and one order with everything that can be done to it. */
import QRCode from 'qrcode'
import { scanCode } from '../control/views.ts'
import { spacedTime } from '../core/beijing-time.ts'
import type { Answer } from '../core/exchange.ts'
import { explainFault, type FaultKind, faultKinds, fitsProvider } from '../core/fault-kinds.ts'
import { yuan } from '../core/money.ts'
import type { Notice } from '../core/notice.ts'
import { isUnpaid, type Order, type Provider, publicStatus, refundableOf, refundedOf } from '../core/order.ts'
import type { Simulator } from '../core/simulator.ts'
import { faultWords } from './fault-texts.ts'
import { type Html, html, trusted } from './html.ts'
import { kindText, noticeTexts, providerTexts, refundTexts, stateTexts } from './texts.ts'
import { button, facts, page, type View } from './view.ts'

const SHOWN = 200

export function ordersPage(view: View, simulator: Simulator): Answer {
  const orders = simulator.ledger.orders().slice(0, SHOWN)
  const { text, link } = view
  // The oldest that is not acknowledged: the list has the newest first.
  const open = new Map(
    simulator.outbox
      .list()
      .filter(({ state }) => state !== 'accepted')
      .map((notice) => [notice.orderId, notice]),
  )
  const steps = ['15s', '5m', '1h', '1d'].map((step) =>
    button(
      link('/ui/clock'),
      `+${step}`,
      'plain',
      html`<input type="hidden" name="advance" value="${step}">`,
    ),
  )
  return page(view, text.orders, [
    orders.length === 0
      ? html`<p>${text.noOrders}</p>`
      : orders.map((order) => orderCard(view, order, open.get(order.id))),
    html`<h2>${text.advance}</h2><p class="soft">${spacedTime(simulator.clock.now())}</p><div class="actions">${steps}</div>`,
  ])
}

export async function orderPage(view: View, simulator: Simulator, order: Order): Promise<Answer> {
  const { text, language } = view
  const notices = simulator.outbox.list({ orderId: order.id })
  return page(view, `${text.order} ${order.outTradeNo}`, [
    facts([
      [text.state, stateBadge(language, order)],
      [text.platform, providerTexts[language][order.provider]],
      [text.amount, `¥${yuan(order.total)}`],
      [text.refunded, refundedOf(order) > 0 ? `¥${yuan(refundedOf(order))}` : ''],
      [text.description, order.description],
      [text.outTradeNo, order.outTradeNo],
      [text.transactionId, order.paidAt === undefined ? '' : order.transactionId],
      [text.payer, order.payer ?? order.openid],
      [text.created, spacedTime(order.createdAt)],
      [text.paidAt, order.paidAt === undefined ? '' : spacedTime(order.paidAt)],
      [text.expires, isUnpaid(order) ? spacedTime(order.expiresAt) : ''],
      [text.notifyUrl, order.notifyUrl],
      [text.code, scanCode(order)],
    ]),
    actions(view, order),
    isUnpaid(order) ? await cashierCode(view, simulator, order) : '',
    refunds(view, order),
    html`<h2>${text.notifications}</h2>`,
    notices.length === 0
      ? html`<p class="soft">${text.noNotices}</p>`
      : notices.map((notice) => noticeCard(view, notice)),
    breaking(view, order),
  ])
}

export function noticeCard({ language, link, text }: View, notice: Notice): Html {
  const tone = notice.state === 'accepted' ? 'good' : notice.state === 'waiting' ? '' : 'bad'
  const next = notice.nextAt === undefined ? '' : ` · ${text.next} ${spacedTime(notice.nextAt)}`
  return html`<a class="card" href="${link(`/ui/notifications/${notice.id}`)}">
    <div class="row"><span>${kindText(language, notice.kind)}</span><span class="${tone}">${noticeTexts[language][notice.state]}</span></div>
    <div class="soft">${spacedTime(notice.createdAt)} · ${text.sentTimes} ${notice.attempts.length}${next}</div></a>`
}

// internals

/** @param open a notification that the merchant has not acknowledged */
function orderCard({ language, link, text }: View, order: Order, open: Notice | undefined): Html {
  return html`<a class="card" href="${link(`/ui/orders/${order.id}`)}">
    <div class="row"><strong>¥${yuan(order.total)}</strong>${stateBadge(language, order)}</div>
    <div>${order.description}</div>
    <div class="soft">${providerTexts[language][order.provider]} · ${order.outTradeNo} · ${spacedTime(order.createdAt)}</div>
    ${open && html`<div class="bad">${text.notification} ${kindText(language, open.kind)}: ${noticeTexts[language][open.attempts.at(-1)?.verdict ?? open.state]}</div>`}</a>`
}

/** Green where the merchant has money, red where something went wrong. */
function stateBadge(language: View['language'], order: Order): Html {
  const status = publicStatus(order)
  const tone = status === 'PAID' || status === 'REFUND_PART' ? ' good' : status === 'FAILED' ? ' bad' : ''
  return html`<span class="badge${tone}">${stateTexts[language][status]}</span>`
}

function actions({ text, link }: View, order: Order): Html {
  const at = (action: string): string => link(`/ui/orders/${order.id}/${action}`)
  const list: Html[] = []
  if (isUnpaid(order)) {
    list.push(
      button(at('pay'), text.pay, 'main'),
      button(at('fail'), text.failPayment),
      button(at('close'), text.cancel, 'danger'),
    )
  } else if (order.status === 'PAID' && refundableOf(order) > 0) {
    const amount = html`<input name="amount" inputmode="decimal" aria-label="${text.refundAmount}" value="${yuan(refundableOf(order))}"> `
    list.push(button(at('refund'), text.refund, 'danger', amount))
  }
  return html`<div class="actions">${list}</div>`
}

async function cashierCode({ text }: View, simulator: Simulator, order: Order): Promise<Html> {
  const url = simulator.cashierUrl(order)
  const svg = await QRCode.toString(url, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' })
  return html`<p><a href="${url}">${text.openCashier}</a></p><p class="soft">${text.phone}</p>${trusted(svg)}`
}

function refunds({ text, language, link }: View, order: Order): Html | string {
  if (order.refunds.length === 0) return ''
  const cards = order.refunds.map(
    (refund) => html`<div class="card"><div class="row"><strong>¥${yuan(refund.amount)}</strong>
      <span>${refundTexts[language][refund.status]}</span></div>
      <div class="soft">${refund.outRefundNo} · ${spacedTime(refund.createdAt)} ${refund.reason}</div>
      ${refund.status === 'PROCESSING' ? button(link(`/ui/orders/${order.id}/refunds/${refund.id}/settle`), text.settle) : ''}</div>`,
  )
  return html`<h2>${text.refunds}</h2>${cards}`
}

function breaking(view: View, order: Order): Html {
  const { text, link } = view
  return html`<h2>${text.break}</h2><p class="soft">${text.faultHint}</p>
    <form method="post" action="${link('/ui/faults')}">
      <input type="hidden" name="out_trade_no" value="${order.outTradeNo}"><input type="hidden" name="order" value="${order.id}">
      ${faultFields(view, order.provider)}<button class="danger">${text.break}</button></form>`
}

/** The choice of a fault, with its words beside each. @param provider leaves out what cannot happen to its orders */
export function faultFields({ text, language }: View, provider?: Provider): Html {
  const options = (Object.keys(faultKinds) as FaultKind[])
    .filter((kind) => !provider || fitsProvider(kind, provider))
    .map((kind) => {
      const args = Object.keys(faultKinds[kind].args ?? {}).map((name) => ` {${name}}`)
      const words = explainFault({ fault: kind, args: {} }, faultWords(kind, language))
      return html`<option value="${kind}">${words}${args}</option>`
    })
  return html`<label><span>${text.fault}</span><select name="fault">${options}</select></label>
    <label><span>${text.args}</span><input name="args" placeholder="{&quot;ms&quot;:3000}"></label>
    <label><span>${text.times}</span><input name="times" type="number" min="1" value="1"></label>`
}
