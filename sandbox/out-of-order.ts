/** What requests are told while keys or state cannot be used: the whole story for those who run the sandbox. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LocalError } from '../errors/errors.ts'
import { refusedAccess } from './access.ts'
import { type Answer, jsonAnswer } from './core/exchange.ts'
import { send } from './core/gate.ts'
import { wholeStory } from './core/unusable.ts'
import { MOUNT } from './hosts.ts'
import { html } from './pages/html.ts'
import { page, viewOf } from './pages/view.ts'

/** @param token of the control API, where it asks for one */
export function unusableAnswer(
  req: Pick<IncomingMessage, 'headers' | 'url'>,
  error: Error,
  token: string | undefined,
): Answer {
  const query = new URLSearchParams(/\?(.*)$/s.exec(req.url ?? '')?.[1] ?? '')
  // A file's place is nobody else's business.
  const story = refusedAccess(req, token, query)
    ? 'the sandbox cannot use its keys or its state; its log says why'
    : `${wholeStory(error)}. The next request tries again; nothing needs to be restarted`
  if (!req.headers.accept?.includes('text/html')) {
    return jsonAnswer(503, { errCode: error instanceof LocalError ? error.code : 'INTERNAL', errMsg: story })
  }
  const view = viewOf({ headers: req.headers, query }, MOUNT)
  return page(view, view.text.unusable, html`<p class="bad">${story}</p>`, { status: 503, open: true })
}

/** Answers a request that was not even read. */
export function answerUnusable(
  req: IncomingMessage,
  res: ServerResponse,
  error: Error,
  token: string | undefined,
): void {
  // What is still being sent is not waited for.
  req.resume()
  send(res, unusableAnswer(req, error, token))
}
