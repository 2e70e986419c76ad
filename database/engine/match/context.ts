import type { NearSpec } from '../geo/near.ts'
import { stringOrder } from '../values/collation.ts'
import { comparator } from '../values/compare.ts'
import type { Doc } from '../values/types.ts'
import type { ValueOrder } from './comparison.ts'
import type { Node } from './node.ts'
import type { TextQuery } from './text.ts'

/** What a filter is compiled against. */
export interface MatchEnv {
  collation?: unknown
  /** Values of the command's `let`, for `$expr`. */
  let?: Record<string, unknown> | undefined
  /** `$$NOW`. */
  now: Date
  /** Allows `$where`. Off by default (spec/embedded-database.md §13). */
  javascript?: boolean | undefined
  /** Fields of the collection's text index; without one `$text` fails with error 27. */
  textFields?: readonly string[] | undefined
  /** Source of `$sampleRate`, in [0, 1). Default `Math.random`. */
  random?: (() => number) | undefined
}

/** What the parts of one compilation share. */
export interface MatchContext {
  readonly env: MatchEnv
  readonly order: ValueOrder
  readonly collated: boolean
  /** Compiles a filter document; here so that operators on fields can hold documents again. */
  readonly compileDocument: CompileDocument
  /** Found on the way: at most one `$near` and one `$text`. */
  near?: NearSpec
  text?: TextQuery
}

export type CompileDocument = (filter: Doc, context: MatchContext, nested: boolean) => Node

export function createContext(env: MatchEnv, compileDocument: CompileDocument): MatchContext {
  return {
    env,
    compileDocument,
    order: comparator(env.collation),
    collated: stringOrder(env.collation) !== undefined,
  }
}
