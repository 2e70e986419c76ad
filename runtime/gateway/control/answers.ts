/** Bodies in and answers out of the control API. */
import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import { type FailureReason, type Outcome, outcomeValue } from '../../invocation.ts'
import { wrongMembers } from '../../wrong-members.ts'
import { hasBody, readBody } from '../body.ts'
import { sendJson } from '../reply.ts'

/** A request that is refused; the message says how to mend it. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly status: number
  readonly errCode: string

  constructor(status: number, errCode: string, message: string) {
    super(message)
    this.status = status
    this.errCode = errCode
  }
}

export function sendValue(res: Response, value: unknown, status = 200): void {
  sendJson(res, status, JSON.stringify(value), ['cache-control', 'no-store'])
}

/**
 * The body as text; `''` without one. Nothing when the client has gone.
 * @throws ControlError past `limit` bytes
 */
export async function bodyText(req: Request, res: Response, limit: number): Promise<string | undefined> {
  if (!hasBody(req)) return ''
  const bytes = await readBody(req, res, { bytes: limit })
  if (bytes === 'aborted') return undefined
  if (bytes === 'too-large')
    throw new ControlError(413, 'REQUEST_TOO_LARGE', `the body exceeds ${limit} bytes`)
  return bytes.toString('utf8')
}

/**
 * The body as JSON of a given shape; an empty body is `{}`. Nothing when the client has gone.
 * @throws ControlError saying where it is wrong
 */
export async function jsonBody<T>(
  req: Request,
  res: Response,
  schema: z.ZodType<T>,
  limit: number,
): Promise<T | undefined> {
  const text = await bodyText(req, res, limit)
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new ControlError(400, 'INVALID_JSON', `the body is not valid JSON: ${(error as Error).message}`)
  }
  const checked = schema.safeParse(value, { reportInput: true })
  if (checked.success) return checked.data
  const wrong = wrongMembers(checked.error.issues, 'the body')
  throw new ControlError(400, 'INVALID_BODY', wrong.map(({ text }) => text).join('; '))
}

/** `{requestId, result}` or `{requestId, errCode, errMsg}`; status 200 for everything that user code decided. */
export function sendOutcome(res: Response, outcome: Outcome): void {
  const { requestId } = outcome
  if (outcome.ok) {
    sendValue(res, { requestId, result: outcomeValue(outcome) ?? null })
    return
  }
  const { reason, errCode, errMsg, errSubject } = outcome.failure
  sendValue(res, { requestId, errCode, errMsg, ...(errSubject && { errSubject }) }, statuses[reason] ?? 200)
}

export function newRequestId(): string {
  return randomUUID()
}

// internals

const statuses: Partial<Record<FailureReason, number>> = {
  'not-found': 404,
  'method-not-found': 404,
  'wrong-kind': 400,
  'request-too-large': 413,
  closed: 503,
}
