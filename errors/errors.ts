/**
 * Our own failures: what is wrong, where, how to mend it. A closed table; what uniCloud itself would say keeps
 * uniCloud's own codes and texts and does not pass through here (shared style, "Errors").
 */

/** code -> who can mend it. `user`: project, configuration or command line; `system`: our bug or the machine. */
const codes = {
  PROJECT_NOT_FOUND: 'user',
  PROJECT_AMBIGUOUS: 'user',
  PROJECT_INVALID: 'user',
  FUNCTION_INVALID: 'user',
  CONFIG_INVALID: 'user',
  USAGE: 'user',
  PORT_IN_USE: 'user',
  DATA_IN_USE: 'user',
  DATA_UNUSABLE: 'user',
  DATABASE_UNAVAILABLE: 'user',
  REDIS_UNAVAILABLE: 'user',
  PACKAGE_MISSING: 'user',
  INTERNAL: 'system',
} as const

export type LocalErrorCode = keyof typeof codes

/** A place in the user's own files; line and column count from 1. */
export interface SourcePlace {
  file: string
  line?: number
  column?: number
}

export class LocalError extends Error {
  override readonly name = 'LocalError'
  readonly code: LocalErrorCode
  // Declared only: a member that is absent should not be listed where errors are printed.
  declare readonly where?: SourcePlace
  declare readonly hint?: string

  /**
   * @param code one of the closed table
   * @param message what is wrong, in one line, naming the value
   * @param details where it stands and how to mend it
   */
  constructor(
    code: LocalErrorCode,
    message: string,
    details: { where?: SourcePlace; hint?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    if (details.where) this.where = details.where
    if (details.hint) this.hint = details.hint
  }

  get userError(): boolean {
    return codes[this.code] === 'user'
  }
}

/** `file:line:column` of a place, as editors and terminals link it. */
export function formatPlace(place: SourcePlace): string {
  return [place.file, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':')
}
