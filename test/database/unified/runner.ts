import { MongoClient } from 'mongodb'
import { expect } from 'vitest'
import { Entities } from './entities.ts'
import { checkError } from './expected-error.ts'
import { match } from './matching.ts'
import { type OperationContext, runOperation, UnknownOperation } from './operations.ts'
import type { CollectionData, Doc, ExpectedEvents, Operation, SpecFile, SpecTest } from './spec-file.ts'

/** Replays specification tests with the official driver against one server. */
export class UnifiedRunner {
  readonly #uri: string
  readonly #internal: MongoClient

  constructor(uri: string) {
    this.#uri = uri
    this.#internal = new MongoClient(uri)
  }

  /** Runs one test. @throws what went otherwise than expected */
  async run(file: SpecFile, test: SpecTest): Promise<void> {
    await this.#fill(file.initialData ?? [])
    const entities = new Entities(this.#uri)
    const failPoints = new Set<string>()
    const context: OperationContext = {
      entities,
      internal: this.#internal,
      failPoints,
      run: async (operations) => {
        for (const operation of operations) await runExpecting(operation, context, true)
      },
    }
    try {
      entities.create(file.createEntities ?? [])
      for (const operation of test.operations) await runExpecting(operation, context, false)
      for (const expected of test.expectEvents ?? []) checkEvents(expected, entities)
      await this.#checkOutcome(test.outcome ?? [], entities)
    } finally {
      await this.#cleanUp(failPoints)
      await entities.close()
    }
  }

  close(): Promise<void> {
    return this.#internal.close()
  }

  // internals

  async #fill(data: readonly CollectionData[]): Promise<void> {
    for (const { databaseName, collectionName, documents, createOptions } of data) {
      const database = this.#internal.db(databaseName)
      await database.dropCollection(collectionName)
      if (documents.length === 0 || createOptions)
        await database.createCollection(collectionName, createOptions ?? {})
      if (documents.length > 0)
        await database.collection(collectionName).insertMany(documents.map((doc) => ({ ...doc })))
    }
  }

  async #checkOutcome(outcome: readonly CollectionData[], entities: Entities): Promise<void> {
    for (const { databaseName, collectionName, documents } of outcome) {
      const found = await this.#internal
        .db(databaseName)
        .collection(collectionName)
        .find({}, { sort: { _id: 1 } })
        .toArray()
      match({ documents }, { documents: found }, entities, false)
    }
  }

  async #cleanUp(failPoints: Iterable<string>): Promise<void> {
    const admin = this.#internal.db('admin')
    for (const configureFailPoint of failPoints) await admin.command({ configureFailPoint, mode: 'off' })
    await admin.command({ killAllSessions: [] })
  }
}

// internals

/** @param inCallback errors that are expected end the callback all the same: the driver has to see them */
async function runExpecting(
  operation: Operation,
  context: OperationContext,
  inCallback: boolean,
): Promise<void> {
  const { expectError, expectResult, saveResultAsEntity, ignoreResultAndError } = operation
  let result: unknown
  try {
    result = await runOperation(operation, context)
  } catch (error) {
    if (error instanceof UnknownOperation) throw error
    if (inCallback && (ignoreResultAndError || expectError)) {
      if (expectError) checkError(error, expectError, context.entities)
      throw error
    }
    if (ignoreResultAndError) return
    if (!expectError) throw error
    checkError(error, expectError, context.entities)
    return
  }
  if (ignoreResultAndError) return
  if (expectError)
    throw new Error(`${operation.name} succeeded, but should have failed with ${JSON.stringify(expectError)}`)
  if (expectResult !== undefined) match(expectResult, result, context.entities)
  if (saveResultAsEntity !== undefined) context.entities.save(saveResultAsEntity, result)
}

function checkEvents(expected: ExpectedEvents, entities: Entities): void {
  const pool = expected.eventType === 'cmap'
  const seen = entities.eventsOf(expected.client).filter(({ kind }) => kind.startsWith('connection') === pool)
  const counted = expected.ignoreExtraEvents ? seen.slice(0, expected.events.length) : seen
  const shown = seen.map(({ kind, event }) => `${kind} ${String(event.commandName ?? '')}`)
  expect(counted.length, `events: ${shown.join(', ')}`).toBe(expected.events.length)
  for (const [at, wanted] of expected.events.entries()) {
    const [kind = ''] = Object.keys(wanted)
    const found = counted[at]!
    expect(found.kind).toBe(kind)
    const { command, reply, ...rest } = wanted[kind] as Doc
    match(rest, found.event, entities, true, `event ${at}`)
    if (command !== undefined)
      match(command, sent(found.event.command as Doc, command as Doc), entities, true, `event ${at} command`)
    if (reply !== undefined) match(reply, found.event.reply, entities, true, `event ${at} reply`)
  }
}

/** The driver gives every commit ten seconds to be confirmed, although only a repeated one should have that limit. */
function sent(command: Doc, expected: Doc): Doc {
  const { writeConcern } = command as { writeConcern?: Doc }
  if (writeConcern?.wtimeout !== 10_000 || 'wtimeout' in ((expected.writeConcern ?? {}) as Doc))
    return command
  const { wtimeout: _, ...rest } = writeConcern
  return { ...command, writeConcern: rest }
}
