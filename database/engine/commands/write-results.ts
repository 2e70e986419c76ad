import { DatabaseError } from '../../command.ts'
import { fail } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import type { Context } from './context.ts'

/** Most statements of one write command. */
const MAX_STATEMENTS = 100_000

/** Runs the statements of a write command and collects what went wrong, the way the server reports it. */
export class WriteResults {
  readonly errors: Doc[] = []
  readonly #context: Context
  readonly #ordered: boolean

  constructor(context: Context, ordered: boolean) {
    this.#context = context
    this.#ordered = ordered
  }

  /**
   * Runs each statement; an ordered command stops at the first failure.
   * @throws DatabaseError what ends the whole command: write conflicts, time limits
   */
  each<T>(statements: readonly T[], run: (statement: T, index: number) => void): void {
    checkBatchSize(statements.length)
    for (const [index, statement] of statements.entries()) {
      try {
        run(statement, index)
      } catch (error) {
        if (!(error instanceof DatabaseError) || endsCommand(error)) throw error
        this.errors.push(writeError(error, index))
        // A failed statement dooms the transaction it is in: nothing after it can count (spec/embedded-database.md §10).
        if (this.#context.unit.inTransaction) {
          this.#context.state.transactions.abort(this.#context.unit as never)
          return
        }
        if (this.#ordered) return
      }
    }
  }

  reply(fields: Doc): Doc {
    return { ...fields, ...(this.errors.length > 0 ? { writeErrors: this.errors } : {}), ok: 1 }
  }
}

/** @throws DatabaseError 16 for an empty or an overlong batch */
export function checkBatchSize(count: number): void {
  if (count >= 1 && count <= MAX_STATEMENTS) return
  fail(16, `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${count} operations.`)
}

/** The same error, with the words the server puts before it. */
export function prefixed(prefix: string, error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  const { code, codeName, errorLabels, writeErrors, keyPattern, keyValue, errInfo } = error
  return new DatabaseError(`${prefix} :: caused by :: ${error.message}`, {
    code,
    codeName,
    errorLabels,
    ...(writeErrors ? { writeErrors } : {}),
    ...(keyPattern ? { keyPattern } : {}),
    ...(keyValue ? { keyValue } : {}),
    ...(errInfo ? { errInfo } : {}),
    cause: error,
  })
}

// internals

function endsCommand(error: DatabaseError): boolean {
  return error.code === 112 || error.code === 50 || error.code === 11601
}

function writeError(error: DatabaseError, index: number): Doc {
  const { code, message, keyPattern, keyValue, errInfo } = error
  return {
    index,
    code,
    ...(keyPattern ? { keyPattern } : {}),
    ...(keyValue ? { keyValue } : {}),
    ...(errInfo ? { errInfo } : {}),
    errmsg: message,
  }
}
