/** `GET triggers`, `POST triggers/FUNCTION/fire`. */
import type { Request, Response } from 'express'
import { ControlError, sendOutcome, sendValue } from './answers.ts'
import type { ControlParts } from './control.ts'

/** Query `next`: how many coming fire times, default 1. */
export function listTriggers({ triggers, space }: ControlParts, req: Request, res: Response): void {
  const asked = Number(req.query.next ?? 1)
  if (!Number.isInteger(asked) || asked < 0 || asked > 100)
    throw new ControlError(400, 'INVALID_QUERY', 'next must be a number from 0 to 100')
  const list = (triggers?.list(asked) ?? []).map(({ trigger, next, error, warnings }) => ({
    functionName: trigger.functionName,
    triggerName: trigger.name,
    config: trigger.config,
    next: next.map((time) => time.toISOString()),
    ...(error && { error: error.message }),
    warnings,
  }))
  sendValue(res, { enabled: triggers !== undefined && space.options.timers, triggers: list })
}

export async function fireTrigger(
  { triggers, space }: ControlParts,
  name: string,
  res: Response,
): Promise<void> {
  if (!Object.hasOwn(space.manifest.functions, name))
    throw new ControlError(404, 'FUNCTION_NOT_FOUND', `FUNCTION_NOT_FOUND: function [${name}] does not exist`)
  if (!triggers?.list(0).some(({ trigger }) => trigger.functionName === name)) {
    const hint = 'add one to triggers of cloudfunction-config in its package.json'
    throw new ControlError(404, 'TRIGGER_NOT_FOUND', `[${name}] has no timer trigger: ${hint}`)
  }
  sendOutcome(res, await triggers.fireNow(name))
}
