import type { Doc } from '../../values/types.ts'
import type { Scope } from '../scope.ts'
import type { WindowBounds } from './bounds.ts'

/** What a window function sees of a partition. */
export interface PartitionView {
  /** In sort order. */
  readonly docs: readonly Doc[]
  /** The value of the first sort key of the document at a place. */
  sortValueAt(place: number): unknown
  /** True when the documents at two places are equal under the sort. */
  sameRank(a: number, b: number): boolean
}

/** Gives one value for each document of a partition, in its order. */
export type WindowFunction = (partition: PartitionView) => unknown[]

/** What a window function is compiled from. */
export interface WindowArguments {
  readonly name: string
  readonly argument: unknown
  readonly scope: Scope
  /** Undefined when no window was given. */
  readonly window: WindowBounds | undefined
  readonly sortBy: Doc
}

/** @throws DatabaseError for malformed arguments */
export type WindowCompiler = (given: WindowArguments) => WindowFunction
