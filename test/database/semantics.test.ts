import { afterAll, describe, test } from 'vitest'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import { openDatabase } from './open.ts'
import { readSemanticCases, runSemanticCase } from './semantics.ts'

/** The semantic cases (spec/embedded-database.md §14), on the engine itself and through its thread. */
const cases = readSemanticCases().map((item, at) => [item.id, item, `case${at}`] as const)

describe('direct', () => {
  const database = openDatabase({ javascript: true })
  afterAll(() => database.close())

  test.each(cases)('%s', (_id, item, name) => runSemanticCase(database, name, item))
})

describe('through a port', () => {
  const thread = new EngineThread({ javascript: true })
  afterAll(() => thread.close())

  test.each(cases)('%s', (_id, item, name) => runSemanticCase(thread.database, name, item))
})
