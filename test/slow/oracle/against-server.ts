import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DriverDatabase } from '../../../database/driver/driver-database.ts'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import { agree, answerOf, show } from './compare.ts'
import { caseKinds, randomCase } from './random-case.ts'

/**
 * The embedded engine against a real server: random documents with random queries, updates and pipelines, the same for
 * both. `MONGODB_URI=mongodb://… npm run test:oracle`; `ORACLE_ROUNDS` says how many of each kind, `ORACLE_SEED` where
 * they begin. Only what servers from 3.6 on have in common is asked.
 */
const rounds = Number(process.env.ORACLE_ROUNDS ?? 2000)
const start = Number(process.env.ORACLE_SEED ?? 1)
/** Cases that go to the servers between two looks at the results. */
const stretch = 250

describe('the same answers as a server', () => {
  const ours = new EmbeddedDatabase()
  let theirs: DriverDatabase
  const database = `unicloud_oracle_${process.pid}`

  beforeAll(async () => {
    const uri = process.env.MONGODB_URI
    if (!uri)
      throw new Error('MONGODB_URI names the server to compare with; without it there is nothing to do')
    theirs = await DriverDatabase.connect(uri)
  })
  afterAll(async () => {
    await theirs?.command(database, { dropDatabase: 1 })
    await theirs?.close()
    await ours.close()
  })

  describe.each(caseKinds)('%s', (kind) => {
    const stretches = Array.from({ length: Math.ceil(rounds / stretch) }, (_, at) => start + at * stretch)
    test.each(stretches)('from seed %i', async (first) => {
      const differing: string[] = []
      for (let seed = first; seed < Math.min(first + stretch, start + rounds); seed++) {
        const item = randomCase(kind, seed)
        const one = await answerOf(ours, database, item)
        const other = await answerOf(theirs, database, item)
        if (!agree(one, other)) differing.push(`seed ${seed}\n${show(item, one, other)}`)
      }
      expect(differing.join('\n\n')).toBe('')
    })
  })
})
