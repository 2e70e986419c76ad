import { afterAll, beforeAll, describe, test } from 'vitest'
import { DriverDatabase } from '../../../database/driver/driver-database.ts'
import { readSemanticCases, runSemanticCase } from '../semantics.ts'
import { startWired } from '../wire/wired.ts'

/**
 * The semantic cases (spec/embedded-database.md §14) with the official driver: through the wire server, and against a
 * real server when there is one: `MONGODB_URI=mongodb://… npx vitest run test/database/driver/semantics.test.ts`.
 */
const cases = readSemanticCases().map((item, at) => [item.id, item, `case${at}`] as const)

describe('over the wire server', () => {
  let database: DriverDatabase
  let close: () => Promise<void>

  beforeAll(async () => {
    const wired = await startWired({ port: 0 }, { javascript: true })
    database = await DriverDatabase.connect(wired.uri)
    close = wired.close
  })
  afterAll(async () => {
    await database.close()
    await close()
  })

  test.each(cases)('%s', (_id, item, name) => runSemanticCase(database, name, item))
})

const uri = process.env.MONGODB_URI
if (uri) {
  describe('over MONGODB_URI', () => {
    let database: DriverDatabase

    beforeAll(async () => {
      database = await DriverDatabase.connect(uri)
    })
    afterAll(() => database.close())

    test.each(cases)('%s', async (_id, item, name) => {
      const own = `unicloud_semantics_${process.pid}_${name}`
      try {
        await runSemanticCase(database, own, item)
      } finally {
        await database.command(own, { dropDatabase: 1 })
      }
    })
  })
}
