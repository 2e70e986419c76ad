/**
 * The errors user code sees: uniCloud's codes and members, folded from MongoDB's (spec/database.md §13).
 */
import { DatabaseError } from '../command.ts'

/** The closed table of codes; tencent's, used on every provider because aliyun's are undocumented. */
export type DatabaseApiErrorCode =
  | 'INVALID_PARAM'
  | 'DATABASE_INVALID_OPERRATOR'
  | 'DATABASE_DUPLICATE_WRITE'
  | 'DATABASE_COLLECTION_NOT_EXIST'
  | 'DATABASE_COLLECTION_ALREADY_EXIST'
  | 'DATABASE_TRANSACTION_CONFLICT'
  | 'DATABASE_TRANSACTION_FAIL'
  | 'DATABASE_TIMEOUT'
  | 'DATABASE_REQUEST_FAILED'

/** Members besides code and message. */
export interface DatabaseApiErrorDetails {
  requestId?: string
  /** The server's own number, where a server answered. */
  mongoCode?: number
  cause?: unknown
}

/** What every failing call of `uniCloud.database()` throws or rejects with. */
export class DatabaseApiError extends Error {
  override readonly name: string = 'DatabaseApiError'
  readonly code: DatabaseApiErrorCode
  readonly errCode: DatabaseApiErrorCode
  readonly errMsg: string
  requestId: string
  readonly mongoCode?: number

  constructor(code: DatabaseApiErrorCode, message: string, details: DatabaseApiErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.errCode = code
    this.errMsg = message
    this.requestId = details.requestId ?? ''
    if (details.mongoCode !== undefined) this.mongoCode = details.mongoCode
  }
}

/** A wrong argument, noticed before anything is sent. */
export function invalidParam(message: string): DatabaseApiError {
  return new DatabaseApiError('INVALID_PARAM', message)
}

/** A wrong argument that the tencent SDK answers with a TypeError; it carries our code as well. */
export function invalidType(message: string): TypeError & { code: DatabaseApiErrorCode; errCode: string } {
  return Object.assign(new TypeError(message), {
    code: 'INVALID_PARAM' as const,
    errCode: 'INVALID_PARAM',
    errMsg: message,
  })
}

/** A stored name that starts with a dollar sign (spec/database.md §5); the text is MongoDB's. */
export function dollarField(field: string, path: string): DatabaseApiError {
  return new DatabaseApiError(
    'DATABASE_REQUEST_FAILED',
    `The dollar ($) prefixed field '${field}' in '${path}' is not valid for storage.`,
    { mongoCode: 52 },
  )
}

/** A value nested more deeply than a document may be. */
export function tooDeep(): DatabaseApiError {
  return new DatabaseApiError(
    'DATABASE_REQUEST_FAILED',
    'Document exceeds maximum nested object depth: 100',
    {
      mongoCode: 15,
    },
  )
}

/** A collection that has to exist and does not. */
export function collectionMissing(collection: string, hint = ''): DatabaseApiError {
  return new DatabaseApiError('DATABASE_COLLECTION_NOT_EXIST', `Db or Table not exist: ${collection}${hint}`)
}

/** Use of a transaction after its end. `end` completes the sentence: `committed`, `rolled back`, `aborted`. */
export function transactionOver(end: string, cause?: unknown): DatabaseApiError {
  return new DatabaseApiError('DATABASE_TRANSACTION_FAIL', `Transaction has been ${end}`, {
    mongoCode: 251,
    cause,
  })
}

/** An own failure or one of the waist in uniCloud's terms; anything else is passed through (it is a bug of ours). */
export function toApiError(error: unknown, context: { database: string; requestId: string }): unknown {
  if (error instanceof DatabaseApiError) {
    if (error.requestId === '') error.requestId = context.requestId
    return error
  }
  if (!(error instanceof DatabaseError)) return error
  const code = codeOf(error.code, error.message)
  return new DatabaseApiError(code, messageOf(code, error.message, context.database), {
    requestId: context.requestId,
    mongoCode: error.code,
    cause: error,
  })
}

// internals

const codes: Readonly<Record<number, DatabaseApiErrorCode>> = {
  26: 'DATABASE_COLLECTION_NOT_EXIST',
  48: 'DATABASE_COLLECTION_ALREADY_EXIST',
  50: 'DATABASE_TIMEOUT',
  112: 'DATABASE_TRANSACTION_CONFLICT',
  168: 'DATABASE_INVALID_OPERRATOR',
  251: 'DATABASE_TRANSACTION_FAIL',
  256: 'DATABASE_TRANSACTION_FAIL',
  11000: 'DATABASE_DUPLICATE_WRITE',
  40324: 'DATABASE_INVALID_OPERRATOR',
}

/** MongoDB reports unknown operators under several numbers (2, 9, 15952, 31325 …), but always says so. */
const unknownOperator = /\b(unknown|unrecognized)\b.*\b(operator|expression|modifier|pipeline stage)\b/i

function codeOf(mongoCode: number, message: string): DatabaseApiErrorCode {
  const code = codes[mongoCode]
  if (code) return code
  return unknownOperator.test(message) ? 'DATABASE_INVALID_OPERRATOR' : 'DATABASE_REQUEST_FAILED'
}

/** MongoDB's text, made to contain what spec/database.md §13 promises. */
function messageOf(code: DatabaseApiErrorCode, message: string, database: string): string {
  switch (code) {
    case 'DATABASE_DUPLICATE_WRITE':
      return message.replace(`collection: ${database}.`, 'collection: ')
    case 'DATABASE_COLLECTION_ALREADY_EXIST':
      return containing('Table exist', message)
    case 'DATABASE_COLLECTION_NOT_EXIST':
      return containing('Db or Table not exist', message)
    case 'DATABASE_TRANSACTION_CONFLICT':
      return containing('WriteConflict', message)
    case 'DATABASE_TRANSACTION_FAIL':
      return /^Transaction has been /.test(message) ? message : `Transaction has been aborted: ${message}`
    case 'DATABASE_TIMEOUT':
      return containing('operation exceeded time limit', message)
    default:
      // The one array operator whose text differs from the others' ("… to a non-array value").
      return pushOnScalar.test(message) ? `Cannot apply $push to a non-array value: ${message}` : message
  }
}

const pushOnScalar = /^(Plan executor error .*caused by :: )?The field '.*' must be an array but is of type /

function containing(part: string, message: string): string {
  return message.includes(part) ? message : `${part}: ${message}`
}
