/** `GET triggers`, `POST triggers/FUNCTION/fire`. */
import type { Request, Response } from 'express'
import { z } from 'zod'
import { ControlError, jsonBody, sendOutcome, sendValue } from './answers.ts'
import type { ControlParts } from './control.ts'

export async function listTriggers({ triggers }: ControlParts, res: Response): Promise<void> {
  sendValue(res, { running: triggers !== undefined, triggers: triggers ? await triggers.list() : [] })
}

export async function fireTrigger(
  { triggers, space }: ControlParts,
  req: Request,
  res: Response,
): Promise<void> {
  const body = await jsonBody(req, res, fireBody, 64 * 1024)
  if (!body) return
  const name = String(req.params.name)
  if (!Object.hasOwn(space.manifest.functions, name))
    throw new ControlError(404, 'FUNCTION_NOT_FOUND', `FUNCTION_NOT_FOUND: function [${name}] does not exist`)
  if (!triggers)
    throw new ControlError(409, 'TIMERS_OFF', 'timers are switched off: start without --no-timers')
  const options = body.trigger === undefined ? {} : { triggerName: body.trigger }
  const outcome = await triggers.fire(name, options)
  if (!outcome) {
    const which = body.trigger === undefined ? 'no timer' : `no timer named '${body.trigger}'`
    throw new ControlError(
      404,
      'TRIGGER_NOT_FOUND',
      `[${name}] has ${which}: see triggers in its package.json`,
    )
  }
  sendOutcome(res, outcome)
}

// internals

const fireBody = z.strictObject({ trigger: z.string().optional() })
