import { MongoError, MongoServerError } from 'mongodb'
import { LocalError } from '../../errors/errors.ts'
import { DatabaseError, type DatabaseErrorDetails } from '../command.ts'
import { codeName, databaseError } from '../engine/errors.ts'
import { hostsOf, shownUri, withoutSecrets } from './address.ts'
import { plainValues } from './driver-values.ts'
import { isRoadFailure } from './road.ts'

/** Any failure of the driver's as the waist's one error. */
export function databaseErrorOf(error: unknown, uri: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (error instanceof MongoServerError) return serverError(error)
  const { name, message } = error as Error
  if (name === 'AbortError') return databaseError(11601, 'operation was interrupted', { cause: error })
  const errorLabels = error instanceof MongoError ? publicLabels(error) : []
  if (isRoadFailure(error)) {
    const code = name === 'MongoNetworkTimeoutError' ? 89 : 6
    return databaseError(
      code,
      `the database at ${hostsOf(uri)} cannot be reached: ${reason(error as Error)}`,
      {
        errorLabels,
        cause: error,
      },
    )
  }
  return databaseError(CLIENT_CODES.get(name) ?? 8, withoutSecrets(message, uri), {
    errorLabels,
    cause: error,
  })
}

/** Why no connection could be made, for the person who wrote the setting. */
export function connectError(error: unknown, uri: string): LocalError {
  if (error instanceof LocalError) return error
  const hosts = hostsOf(uri)
  const cause = systemReason(error as Error) ?? withoutSecrets((error as Error).message, uri)
  const { path, syscall, code } = error as NodeJS.ErrnoException
  if (syscall === 'open' && path !== undefined) {
    return new LocalError('CONFIG_INVALID', `database: the file ${path} cannot be read (${code})`, {
      hint: 'an option of the connection string names it, such as `tlsCAFile` or `tlsCertificateKeyFile`',
      cause: error,
    })
  }
  if ((error as Error).name === 'MongoParseError' || (error as Error).name === 'MongoInvalidArgumentError') {
    return new LocalError(
      'CONFIG_INVALID',
      `database: '${shownUri(uri)}' is no valid connection string: ${cause}`,
      {
        hint: 'the form is mongodb://user:password@host:port/?option=value; special characters are written as %XX',
      },
    )
  }
  if (error instanceof MongoServerError && ACCESS.has(Number(error.code))) {
    return new LocalError('DATABASE_UNAVAILABLE', `the database at ${hosts} refuses the user: ${cause}`, {
      hint: 'check user, password and `authSource` of the `database` setting',
    })
  }
  return new LocalError('DATABASE_UNAVAILABLE', `the database at ${hosts} cannot be reached: ${cause}`, {
    hint: 'start that server, correct the `database` setting, or leave it out to use the embedded database',
  })
}

// internals

const ACCESS: ReadonlySet<number> = new Set([13, 18, 8000])

const CLIENT_CODES: ReadonlyMap<string, number> = new Map([
  ['MongoInvalidArgumentError', 2],
  ['BSONError', 2],
  ['BSONVersionError', 2],
  ['RangeError', 10334],
  ['MongoTransactionError', 251],
  ['MongoExpiredSessionError', 206],
  ['MongoNotConnectedError', 91],
  ['MongoClientClosedError', 91],
  ['MongoTopologyClosedError', 91],
  ['MongoCursorExhaustedError', 43],
])

function serverError(error: MongoServerError): DatabaseError {
  const { errorResponse } = error
  const code = Number(error.code ?? 8)
  const parts = plainValues({ ...errorResponse }) as Partial<DatabaseErrorDetails> & { errmsg?: string }
  const { errmsg, writeErrors, keyPattern, keyValue, errInfo } = parts
  return new DatabaseError(errmsg ?? error.message, {
    code,
    codeName: parts.codeName ?? codeName(code),
    errorLabels: publicLabels(error),
    ...(writeErrors ? { writeErrors } : {}),
    ...(keyPattern ? { keyPattern } : {}),
    ...(keyValue ? { keyValue } : {}),
    ...(errInfo ? { errInfo } : {}),
    cause: error,
  })
}

/** Without the labels by which the driver talks to itself. */
function publicLabels({ errorLabels }: MongoError): string[] {
  return errorLabels.filter((label) => LABELS.has(label))
}

const LABELS: ReadonlySet<string> = new Set([
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'RetryableWriteError',
  'NoWritesPerformed',
  'ResumableChangeStreamError',
])

/** What the system said, when it was the system; else the driver's own words. */
function reason(error: Error): string {
  return systemReason(error) ?? error.message
}

function systemReason(error: Error): string | undefined {
  const known = [...SYSTEM].find(([code]) =>
    causes(error).some((cause) => cause.code === code || cause.message.includes(code)),
  )
  return known?.[1]
}

/** An error with those behind it. */
function causes(error: Error): NodeJS.ErrnoException[] {
  const found: Error[] = []
  for (let cause: unknown = error; cause instanceof Error && found.length < 5; cause = cause.cause)
    found.push(cause)
  return found
}

const SYSTEM: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'its name cannot be looked up'],
  ['ENOENT', 'there is no such socket'],
  ['ETIMEDOUT', 'it does not answer'],
])
