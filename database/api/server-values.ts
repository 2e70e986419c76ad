/**
 * Values that stand for something the database fills in or understands: `db.serverDate` and `db.RegExp`
 * (spec/database.md §3). Both work with and without `new`.
 */
import { BSONRegExp } from 'bson'
import { invalidParam, invalidType } from './errors.ts'

/** The database's time at execution, plus an offset. */
export class ServerDate {
  /** Milliseconds. */
  readonly offset: number

  constructor(options: { offset?: number } = {}) {
    const offset = options?.offset ?? 0
    if (typeof offset !== 'number' || !Number.isFinite(offset)) {
      throw invalidParam(`serverDate: offset must be a number of milliseconds, not ${String(offset)}`)
    }
    this.offset = offset
  }
}

/** A regular expression by its text. */
export class RegExpValue {
  readonly pattern: string
  readonly options: string

  /** @param options the docs call the pattern `regex`, the SDK reads `regexp`; both are taken */
  constructor(options: { regexp?: string; regex?: string; options?: string }) {
    const pattern = options?.regexp ?? options?.regex
    if (typeof pattern !== 'string' || pattern === '') throw invalidType('regexp must be a string')
    this.pattern = pattern
    this.options = options.options ?? ''
  }

  /** The value as the database takes it; what JavaScript cannot express (option `x`, a leading `(?i)`) stays text. */
  toBson(): RegExp | BSONRegExp {
    try {
      return new RegExp(this.pattern, this.options.replace(/[gy]/g, ''))
    } catch {
      return new BSONRegExp(this.pattern, [...this.options].filter((flag) => 'imsx'.includes(flag)).join(''))
    }
  }
}

/** A class that may also be called without `new`, as the SDK's constructors may. */
export type Callable<A extends unknown[], T> = ((...args: A) => T) & (new (...args: A) => T)

/** Makes `kind(...)` mean `new kind(...)`; instances stay instances of `kind`. */
export function callable<A extends unknown[], T extends object>(kind: new (...args: A) => T): Callable<A, T> {
  return new Proxy(kind, { apply: (target, _self, args) => new target(...(args as A)) }) as Callable<A, T>
}
