import type { Turns } from '../../pause.ts'
import type { Doc } from '../../values/types.ts'
import type { Flow } from '../flow.ts'
import type { Scope, Variables } from '../scope.ts'

/** A stage, compiled: documents in, documents out, one by one. Input documents are never changed. */
export interface Stage {
  run(input: Flow): Flow
  /** The filter of a `$match`, for whoever reads the documents. */
  readonly match?: Doc
  /** The order of a `$sort`, and a way to tell it how many documents are asked of it. */
  readonly sort?: { readonly order: Doc; keep(count: number): void }
  /** Documents that `$limit` lets through, and that `$skip` leaves out. */
  readonly limit?: number
  readonly skip?: number
  /** What `$out` or `$merge` wants done with the results. */
  readonly writes?: PipelineWrites
  /** True for stages that make their documents themselves and read no input. */
  readonly source?: boolean
  /** Set by `$geoNear`: the field that must have a geo index, undefined when the only index decides. */
  readonly near?: { readonly path: string | undefined }
  /** The `query` of a `$geoNear`, which filters by itself all the same. */
  readonly nearQuery?: Doc
}

/** What the last stage wants done with each result. */
export type PipelineWrites = OutWrites | MergeWrites

/** `$out`: the results become the whole collection, in one go when all of them are there. */
export interface OutWrites {
  readonly kind: 'out'
  readonly database: string
  readonly collection: string
}

/** `$merge`: each result goes into the collection on its own. */
export interface MergeWrites {
  readonly kind: 'merge'
  readonly database: string
  readonly collection: string
  /** Fields that identify a document; `_id` by default. Other fields need a unique index on exactly them. */
  readonly on: readonly string[]
  /**
   * The filter that finds the document a result belongs to.
   * @throws DatabaseError 51132 or 51185 when the result lacks one of the fields, or has an array there
   */
  filter(result: Doc): Doc
  /**
   * What to store.
   * @param existing the document found, undefined for none
   * @returns the document to insert or to put in place of the existing one; undefined to leave things alone
   * @throws DatabaseError 11000 (`whenMatched: 'fail'`) or 13113 (`whenNotMatched: 'fail'`)
   */
  decide(existing: Doc | undefined, result: Doc): Doc | undefined
}

/** The world around a pipeline. */
export interface StageContext {
  readonly database: string
  readonly collection: string
  readonly scope: Scope
  /** When to pass a turn on, for stages that make much out of little. */
  readonly turns: Turns
  /** Documents of a collection of the same database; with a filter, at least those that match it. */
  read(collection: string, filter?: Doc): Flow
  /** True when reading by equality of that path is cheap. */
  indexed(collection: string, path: string): boolean
  /** Paths with a geo index; undefined when nobody knows. */
  geoPaths(collection: string): readonly string[] | undefined
  /** Fields of the collection's text index, if it has one. */
  textFields(): readonly string[] | undefined
  /** Compiles a pipeline inside this one. */
  compile(stages: unknown, options: NestedOptions): NestedPipeline
}

/** Where a nested pipeline stands, and what it sees. */
export interface NestedOptions {
  place: 'lookup' | 'unionWith' | 'facet'
  collection?: string
  /** Variables on top of the outer ones; values may change between runs. */
  variables?: Variables
}

/** A nested pipeline, compiled. */
export interface NestedPipeline {
  run(input: Flow): Flow
  readonly leadingMatch?: Doc | undefined
  readonly source: boolean
}

/** Compiles a stage's argument. */
export type StageCompiler = (argument: unknown, context: StageContext, name: string) => Stage
