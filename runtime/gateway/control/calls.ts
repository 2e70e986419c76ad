/** `POST functions/NAME` and `POST objects/NAME/METHOD`: one call with everything given. */
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { CallSource, Invocation, Payload } from '../../invocation.ts'
import { providers } from '../../provider.ts'
import { jsonBody, sendOutcome } from './answers.ts'
import type { ControlParts } from './control.ts'

export async function callFunction(parts: ControlParts, req: Request, res: Response): Promise<void> {
  const body = await jsonBody(req, res, functionBody, bodyLimit(parts))
  if (!body) return
  const { data = {}, uniIdToken } = body
  // As the client SDK does: the token also stands in the event, unless the data has its own (spec/runtime.md §4).
  const event = isPlain(data) && uniIdToken !== undefined ? { uniIdToken, ...data } : data
  await call(parts, req, res, { type: 'event', event }, body)
}

export async function callMethod(parts: ControlParts, req: Request, res: Response): Promise<void> {
  const body = await jsonBody(req, res, methodBody, bodyLimit(parts))
  if (!body) return
  const payload: Payload = { type: 'method', method: String(req.params.method), params: body.params ?? [] }
  await call(parts, req, res, payload, body)
}

// internals

const sources: readonly string[] = ['client', 'http', 'timing', 'function', 'server']

const who = {
  /** Client fields; `source`, `clientIP` and `userAgent` count as in run parameters (spec/runtime.md §1.6). */
  clientInfo: z.record(z.string(), z.unknown()).optional(),
  uniIdToken: z.string().optional(),
}
const functionBody = z.strictObject({ data: z.unknown().optional(), ...who })
const methodBody = z.strictObject({ params: z.array(z.unknown()).optional(), ...who })

type Who = { clientInfo?: Record<string, unknown> | undefined; uniIdToken?: string | undefined }

async function call(
  { space, clientIp }: ControlParts,
  req: Request,
  res: Response,
  payload: Payload,
  { clientInfo, uniIdToken }: Who,
): Promise<void> {
  const { source, clientIP, userAgent, ua, ...fields } = clientInfo ?? {}
  const invocation: Invocation = {
    name: String(req.params.name),
    payload,
    source: isSource(source) ? source : 'client',
    clientInfo: ua === undefined ? fields : { ua, ...fields },
    clientIP: textOf(clientIP) ?? clientIp(req),
    userAgent: textOf(userAgent) ?? textOf(ua) ?? req.headers['user-agent'] ?? '',
    sizeChecked: true,
  }
  if (uniIdToken !== undefined) invocation.uniIdToken = uniIdToken
  sendOutcome(res, await space.invoke(invocation))
}

function isSource(value: unknown): value is CallSource {
  return typeof value === 'string' && sources.includes(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bodyLimit({ space }: ControlParts): number {
  return providers[space.manifest.provider].callRequestBytes.refuse
}
