/**
 * Aggregations: `collection.aggregate()` and `db.command.aggregate.pipeline()` (spec/database.md §9). Real code does
 * not chain the calls, so every method changes the object and returns it.
 */

import type { ConditionRules } from './encode/condition.ts'
import { refuseNewerStages } from './encode/newer-operators.ts'
import { encodeStage, storedStages } from './encode/pipeline.ts'
import { invalidParam } from './errors.ts'
import type { Executor } from './executor.ts'
import type { Doc } from './own-member.ts'
import type { ReadResult } from './profile.ts'
import { rowOf } from './stored-values.ts'

/** The stages, without what sends them: `$.pipeline()`. */
export class Pipeline {
  readonly #rules: ConditionRules
  readonly #stages: Doc[] = []

  constructor(rules: ConditionRules) {
    this.#rules = rules
  }

  match(condition: object): this {
    return this.#stage('$match', condition)
  }
  project(spec: object): this {
    return this.#stage('$project', spec)
  }
  addFields(spec: object): this {
    return this.#stage('$addFields', spec)
  }
  group(spec: object): this {
    return this.#stage('$group', spec)
  }
  lookup(spec: object): this {
    return this.#stage('$lookup', spec)
  }
  unwind(spec: string | object): this {
    return this.#stage('$unwind', spec)
  }
  sort(spec: object): this {
    return this.#stage('$sort', spec)
  }
  limit(count: number): this {
    return this.#stage('$limit', count)
  }
  skip(count: number): this {
    return this.#stage('$skip', count)
  }
  count(name: string): this {
    return this.#stage('$count', name)
  }
  sortByCount(expression: unknown): this {
    return this.#stage('$sortByCount', expression)
  }
  sample(spec: { size: number }): this {
    // MongoDB cuts fractions off; uniCloud asks for a positive integer (spec/database.md §9).
    if (!Number.isInteger(spec?.size))
      throw invalidParam('size argument to $sample must be a positive integer')
    return this.#stage('$sample', spec)
  }
  replaceRoot(spec: { newRoot: unknown }): this {
    return this.#stage('$replaceRoot', spec)
  }
  bucket(spec: object): this {
    return this.#stage('$bucket', spec)
  }
  bucketAuto(spec: object): this {
    return this.#stage('$bucketAuto', spec)
  }
  geoNear(spec: object): this {
    return this.#stage('$geoNear', spec)
  }

  /** The stages in MongoDB's form, for `lookup`. */
  done(): Doc[] {
    return [...this.#stages]
  }

  async end(): Promise<ReadResult> {
    throw invalidParam('Aggregation pipeline cannot send request')
  }

  #stage(name: string, argument: unknown): this {
    this.#stages.push(encodeStage(name, argument, this.#rules))
    return this
  }
}

export class Aggregate extends Pipeline {
  readonly #executor: Executor
  readonly #collection: string

  constructor(executor: Executor, collection: string) {
    super({
      wholeObjects: executor.profile.wholeObjectConditions,
      warn: (message) => executor.context.warn(message),
    })
    this.#executor = executor
    this.#collection = collection
  }

  /** Runs the pipeline. */
  override async end(): Promise<ReadResult> {
    return this.#executor.run(async (requestId) => {
      const stages = this.done()
      if (!this.#executor.context.allowNewerOperators) refuseNewerStages(stages)
      const pipeline = storedStages(stages, this.#executor.storageRules())
      const rows = this.#executor.profile.aggregateRows
      if (rows !== undefined && !stages.some((stage) => '$limit' in stage)) pipeline.push({ $limit: rows })
      const data = await this.#executor.readAll({
        aggregate: this.#collection,
        pipeline,
        cursor: { batchSize: largeBatch },
      })
      if (data.length === 0) await this.#executor.requireCollection(this.#collection)
      return this.#executor.profile.shapes.read(data.map(rowOf), requestId)
    })
  }
}

// internals

/** All rows are wanted, so as few round trips as the size limit of a batch allows. */
const largeBatch = 100_000
