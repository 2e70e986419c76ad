/** What went to and fro, for people: notifications with request and answer, API calls with their verification, faults. */
import { spacedTime } from '../core/beijing-time.ts'
import type { ApiCall } from '../core/call-log.ts'
import type { Answer } from '../core/exchange.ts'
import { explainFault } from '../core/fault-kinds.ts'
import type { Attempt, Notice } from '../core/notice.ts'
import type { Simulator } from '../core/simulator.ts'
import { faultWords } from './fault-texts.ts'
import { type Html, html } from './html.ts'
import { faultFields } from './order-pages.ts'
import { kindText, noticeTexts } from './texts.ts'
import { button, facts, page, type View } from './view.ts'

export function noticePage(view: View, notice: Notice): Answer {
  const { text, language, link } = view
  const attempts = [...notice.attempts].reverse().map((attempt) => attemptCard(view, attempt))
  return page(view, `${text.notification} · ${kindText(language, notice.kind)}`, [
    facts([
      [text.outTradeNo, html`<a href="${link(`/ui/orders/${notice.orderId}`)}">${notice.outTradeNo}</a>`],
      [text.notifyUrl, notice.url],
      [text.state, noticeTexts[language][notice.state]],
      [text.next, notice.nextAt === undefined ? '' : spacedTime(notice.nextAt)],
    ]),
    html`<div class="actions">${button(link(`/ui/notifications/${notice.id}/deliver`), text.resend, 'main')}</div>`,
    html`<h2>${text.attempts}</h2>${attempts}`,
  ])
}

export function callsPage(view: View, simulator: Simulator): Answer {
  const calls = simulator.calls.calls(200)
  const cards = calls.map((call) => callCard(view, call))
  return page(view, view.text.calls, calls.length === 0 ? html`<p>${view.text.noCalls}</p>` : cards)
}

export function callPage(view: View, call: ApiCall): Answer {
  const { text } = view
  const { verification } = call
  const headers = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}\n`)
  return page(view, `${text.call} ${call.api}`, [
    facts([
      [text.created, spacedTime(call.at)],
      [text.outTradeNo, call.outTradeNo],
      [text.state, String(call.status ?? text.noAnswer)],
      [text.verified, verification ? (verification.ok ? 'OK' : verification.reason) : ''],
      [text.note, call.notes.join('; ')],
    ]),
    verification?.expected && html`<h2>${text.expected}</h2><pre>${verification.expected}</pre>`,
    verification?.given && html`<h2>${text.given}</h2><pre>${verification.given}</pre>`,
    html`<h2>${text.sent}</h2><pre>${call.method} ${call.url}\n${headers}\n${call.body}</pre>`,
    html`<h2>${text.answer}</h2><pre>${call.answer ?? text.noAnswer}</pre>`,
  ])
}

export function faultsPage(view: View, simulator: Simulator): Answer {
  const { text, link } = view
  const armed = simulator.faults.list().map(
    (
      fault,
    ) => html`<div class="card"><div>${explainFault(fault, faultWords(fault.fault, view.language))}</div>
      <div class="soft">${Object.values(fault.match).join(' · ')} × ${fault.times}</div>
      ${button(link(`/ui/faults/${fault.id}/remove`), text.remove)}</div>`,
  )
  return page(view, text.faults, [
    html`<h2>${text.armed}</h2>`,
    armed.length === 0 ? html`<p class="soft">${text.noFaults}</p>` : armed,
    html`<h2>${text.arm}</h2><form method="post" action="${link('/ui/faults')}">
      <label><span>${text.outTradeNo}</span><input name="out_trade_no"></label>
      ${faultFields(view)}<button class="main">${text.arm}</button></form>`,
  ])
}

/** @param unknown what was looked for in vain */
export function scanPage(view: View, unknown?: string): Answer {
  const { text, link } = view
  return page(view, text.scan, [
    unknown === undefined ? '' : html`<p class="bad">${text.notFound}: ${unknown}</p>`,
    html`<form method="post" action="${link('/ui/scan')}"><label><span>${text.codeHint}</span>
      <input name="code" size="50" autofocus></label><button class="main">${text.open}</button></form>`,
  ])
}

// internals

function attemptCard({ language, text }: View, attempt: Attempt): Html {
  const { method, url, headers, body } = attempt.request
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  return html`<div class="card"><div class="row"><span>${spacedTime(attempt.at)}</span>
    <span class="${attempt.verdict === 'accepted' ? 'good' : 'bad'}">${noticeTexts[language][attempt.verdict]}</span></div>
    ${lines(attempt.fault, attempt.why)}
    <details><summary>${text.sent}</summary><pre>${method} ${url}\n${head}\n${body}</pre></details>
    <details><summary>${text.answer} ${attempt.status ?? text.noAnswer}${attempt.took === undefined ? '' : ` · ${attempt.took} ms`}</summary><pre>${attempt.answer ?? ''}</pre></details></div>`
}

function callCard({ link }: View, call: ApiCall): Html {
  const refused = call.verification?.ok === false || (call.status ?? 500) >= 400
  return html`<a class="card" href="${link(`/ui/calls/${call.id}`)}"><div class="row"><span>${call.provider} ${call.api}</span>
    <span class="${refused ? 'bad' : ''}">${call.status ?? '-'}</span></div>
    <div class="soft">${spacedTime(call.at)}${call.outTradeNo ? ` · ${call.outTradeNo}` : ''}</div>
    ${lines(call.verification?.reason, ...call.notes)}</a>`
}

/** What is special about it, each thing on a line of its own. */
function lines(...texts: (string | undefined)[]): Html[] {
  return texts.filter(Boolean).map((text) => html`<div class="bad">${text}</div>`)
}
