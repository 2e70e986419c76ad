/** The control API: routes and error handling (shared design, "Contract"). */
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { LocalError } from '../../../errors/errors.ts'
import { ControlError, sendValue } from './answers.ts'
import { callFunction, callMethod } from './calls.ts'
import type { ControlParts } from './control.ts'
import { runCommand } from './database.ts'
import { functionList } from './function-list.ts'
import { sendHealth } from './health.ts'
import { logs } from './logs.ts'
import { statusPage } from './status-page.ts'
import { fireTrigger, listTriggers } from './triggers.ts'

/** @param closing ends streams when the server stops */
export function createControlApp(parts: ControlParts, closing: AbortSignal): Express {
  const app = express()
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing')

  app.get('/_unicloud', (_req, res) => res.redirect(302, '/_unicloud/'))
  app.get('/_unicloud/', (_req, res) => void res.type('html').send(statusPage()))
  const api = express.Router({ caseSensitive: true })
  api.get('/health', (_req, res) => sendHealth(parts.space, res))
  api.get('/functions', async (_req, res) => sendValue(res, await functionList(parts.space)))
  api.post('/functions/:name', (req, res) => callFunction(parts, req, res))
  api.post('/objects/:name/:method', (req, res) => callMethod(parts, req, res))
  api.get('/triggers', (req, res) => listTriggers(parts, req, res))
  api.post('/triggers/:name/fire', (req, res) => fireTrigger(parts, req.params.name, res))
  api.get('/logs', (req, res) => logs(parts.space.logs, req, res, closing))
  api.post('/database', (req, res) => runCommand(parts.space, req, res))
  app.use('/_unicloud/api', api)

  app.use((req: Request) => {
    throw new ControlError(
      404,
      'NOT_FOUND',
      `${req.method} ${req.path} is no control endpoint. There are: ${ENDPOINTS}`,
    )
  })
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error)
    answerError(parts, error, res)
  })
  return app
}

// internals

const ENDPOINTS = [
  'GET health',
  'GET functions',
  'POST functions/NAME',
  'POST objects/NAME/METHOD',
  'GET triggers',
  'POST triggers/FUNCTION/fire',
  'GET logs',
  'POST database (all below /_unicloud/api/)',
].join(', ')

function answerError({ space }: ControlParts, error: unknown, res: Response): void {
  if (error instanceof ControlError) {
    sendValue(res, { errCode: error.errCode, errMsg: error.message }, error.status)
    return
  }
  if (error instanceof LocalError && error.userError) {
    const hint = error.hint === undefined ? '' : `; ${error.hint}`
    sendValue(res, { errCode: error.code, errMsg: error.message + hint }, 503)
    return
  }
  // Express reports paths that are not valid percent-encoding this way.
  if (error instanceof URIError) {
    sendValue(res, { errCode: 'INVALID_PATH', errMsg: error.message }, 400)
    return
  }
  const text = `control API: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  space.logs.append({ time: space.clock.now(), level: 'error', channel: 'system', text })
  sendValue(res, { errCode: 'INTERNAL', errMsg: 'internal error, see the log of the server' }, 500)
}
