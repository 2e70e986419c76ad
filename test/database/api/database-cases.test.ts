import { describe, expect, it } from 'vitest'
import cases from '../../conformance/database-cases.json' with { type: 'json' }
import { type DatabaseCase, runCase } from './case-file.ts'
import { roads } from './roads.ts'

it('the case file is complete', () => expect(cases.cases).toHaveLength(cases.count))

describe.each(Object.entries(roads))('conformance cases (spec/database.md §16), road: %s', (_road, open) => {
  it.each(
    (cases.cases as unknown as DatabaseCase[]).map((test) => [`${test.id} ${test.title}`, test] as const),
  )('%s', async (_name, test) => {
    await using database = open()
    await runCase(database, test)
  })
})
