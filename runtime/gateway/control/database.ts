/** `POST database`: one MongoDB command in relaxed Extended JSON, answered with the command's reply in the same. */
import type { Request, Response } from 'express'
import { DatabaseError } from '../../../database/command.ts'
import type { Space } from '../../space-api.ts'
import { sendJson } from '../reply.ts'
import { bodyText, ControlError } from './answers.ts'

/** MongoDB's own limit of a message. */
const MAX_BYTES = 48 * 1024 * 1024

export async function runCommand(space: Space, req: Request, res: Response): Promise<void> {
  const text = await bodyText(req, res, MAX_BYTES)
  if (text === undefined) return
  const { EJSON } = await import('bson')
  const command = parseCommand(text, EJSON)
  const database = await space.database()
  let reply: object
  try {
    reply = await database.command(space.databaseName, command)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    reply = failedReply(error)
  }
  sendJson(res, 200, EJSON.stringify(reply, { relaxed: true }), ['cache-control', 'no-store'])
}

// internals

type Ejson = typeof import('bson')['EJSON']

function parseCommand(text: string, ejson: Ejson): Record<string, unknown> {
  let command: unknown
  try {
    command = ejson.parse(text, { relaxed: true })
  } catch (error) {
    throw new ControlError(400, 'INVALID_JSON', `the body is not Extended JSON: ${(error as Error).message}`)
  }
  if (
    typeof command !== 'object' ||
    command === null ||
    Array.isArray(command) ||
    !Object.keys(command).length
  )
    throw new ControlError(
      400,
      'INVALID_BODY',
      'the body must be a command document such as {"find":"users"}',
    )
  return command as Record<string, unknown>
}

/** As the server would have sent it (`ok: 0`). */
function failedReply(error: DatabaseError): object {
  const { code, codeName, message, errorLabels, writeErrors, keyPattern, keyValue, errInfo } = error
  return {
    ok: 0,
    errmsg: message,
    code,
    codeName,
    ...(errorLabels.length > 0 && { errorLabels }),
    ...(writeErrors && { writeErrors }),
    ...(keyPattern && { keyPattern }),
    ...(keyValue && { keyValue }),
    ...(errInfo && { errInfo }),
  }
}
