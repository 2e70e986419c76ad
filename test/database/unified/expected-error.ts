import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb'
import { expect } from 'vitest'
import { type MatchContext, match } from './matching.ts'
import { bulkResult } from './operations.ts'
import type { Doc } from './spec-file.ts'

/** Checks an error against `expectError`. */
export function checkError(error: unknown, expected: Doc, context: MatchContext): void {
  const { isClientError, errorContains, errorCode, errorCodeName, errorLabelsContain, errorLabelsOmit } =
    expected
  if (!(error instanceof Error)) throw new Error('expected an error, but the operation succeeded')
  const labels = error instanceof MongoError ? error.errorLabels : []
  const response = error instanceof MongoServerError ? responseOf(error) : {}
  if (isClientError !== undefined) expect(error instanceof MongoServerError).toBe(!isClientError)
  if (errorContains !== undefined) {
    expect(error.message.toLowerCase()).toContain(String(errorContains).toLowerCase())
  }
  if (errorCode !== undefined) expect(Number((error as MongoServerError).code)).toBe(Number(errorCode))
  if (errorCodeName !== undefined)
    expect(response.codeName ?? (error as { codeName?: string }).codeName).toBe(errorCodeName)
  for (const label of (errorLabelsContain ?? []) as string[]) expect(labels).toContain(label)
  for (const label of (errorLabelsOmit ?? []) as string[]) expect(labels).not.toContain(label)
  if (expected.errorResponse !== undefined) match(expected.errorResponse, response, context)
  if (expected.expectResult !== undefined) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    match(expected.expectResult, bulkResult(error.result), context)
  }
  for (const [index, wanted] of Object.entries((expected.writeErrors ?? {}) as Doc)) {
    const found = (error as MongoBulkWriteError).writeErrors
    const list = Array.isArray(found) ? found : [found]
    match(wanted, list.find((entry) => entry.index === Number(index))?.err, context)
  }
}

// internals

/** What the server has answered, also when the driver has wrapped it. */
function responseOf(error: MongoServerError): Doc {
  return { ...error.errorResponse, ...(error.code === undefined ? {} : { code: error.code }) }
}
