/** The cashier: what a payer sees who scanned the code or followed the link. Open to everyone, as the real one is. */
import type { Answer } from '../core/exchange.ts'
import { yuan } from '../core/money.ts'
import { isUnpaid, type Order } from '../core/order.ts'
import { html, type Part } from './html.ts'
import { providerTexts } from './texts.ts'
import { button, page, type View } from './view.ts'

/** @param back where the merchant wants the payer afterwards; only web addresses are linked to */
export function cashierPage(
  view: View,
  order: Order,
  { done, back }: { done?: 'failed' | 'left'; back?: string | undefined } = {},
): Answer {
  const { text, language, link } = view
  const at = (action: string): string => link(`/pay/${order.token}/${action}`)
  const keep = back ? html`<input type="hidden" name="back" value="${back}">` : ''
  const said = done === 'failed' ? text.failedDone : done === 'left' ? text.leftDone : ''
  const ask = html`<div class="wide">${button(at('pay'), text.confirm, 'main', keep)}
    ${button(at('fail'), text.failPayment, 'plain', keep)} ${button(at('leave'), text.leave, 'plain', keep)}</div>`
  const outcome: Part = isUnpaid(order)
    ? ask
    : html`<p class="center ${order.status === 'PAID' ? 'good' : 'bad'}">${order.status === 'PAID' ? text.paidDone : text.notPayable}</p>`
  return page(
    view,
    `${providerTexts[language][order.provider]} ${text.cashier}`,
    [
      html`<p class="center">${order.description}</p><p class="price">¥${yuan(order.total)}</p>
        <p class="center soft">${order.outTradeNo}</p>`,
      said && html`<p class="center bad">${said}</p>`,
      outcome,
      back &&
        !(isUnpaid(order) && !done) &&
        html`<p class="center"><a href="${back}">${text.toMerchant}</a></p>`,
    ],
    { open: true },
  )
}

export function webAddress(text: string | null | undefined): string | undefined {
  return text && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined
}
