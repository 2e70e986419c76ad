import { LocalError, type LocalErrorCode } from '../../errors/errors.ts'
import { databaseError } from './errors.ts'
import { decodeError, encodeError, type PortError } from './port-messages.ts'

/** Why the thread could not do what it was asked for, on its way to the owner. */
export type ThreadFailure =
  | { readonly kind: 'database'; readonly error: PortError }
  | {
      readonly kind: 'local'
      readonly code: LocalErrorCode
      readonly message: string
      readonly hint?: string
    }

/** Takes an error apart. */
export function encodeFailure(error: unknown): ThreadFailure {
  if (!(error instanceof LocalError)) return { kind: 'database', error: encodeError(error) }
  const { code, message, hint } = error
  return { kind: 'local', code, message, ...(hint === undefined ? {} : { hint }) }
}

/** Puts it together again. */
export function decodeFailure(failure: ThreadFailure): Error {
  if (failure.kind === 'database') return decodeError(failure.error)
  const { code, message, hint } = failure
  return new LocalError(code, message, hint === undefined ? {} : { hint })
}

/** What commands are answered with when the database is not there at all. */
export function refusalOf(error: unknown): PortError {
  return encodeError(error instanceof LocalError ? databaseError(6, error.message, { cause: error }) : error)
}
