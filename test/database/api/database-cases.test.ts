import { describe, expect, it } from 'vitest'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import cases from '../../conformance/database-cases.json' with { type: 'json' }
import { type DatabaseCase, runCase } from './case-file.ts'

describe('conformance cases of uniCloud.database() (spec/database.md §16)', () => {
  it('are all there', () => expect(cases.cases).toHaveLength(cases.count))

  it.each(
    (cases.cases as unknown as DatabaseCase[]).map((test) => [`${test.id} ${test.title}`, test] as const),
  )('%s', async (_name, test) => {
    await using database = new EmbeddedDatabase()
    await runCase(database, test)
  })
})
