import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import { describeContract } from './contract.ts'

describeContract('engine in memory', async () => {
  const database = new EmbeddedDatabase()
  return { database, close: () => database.close() }
})

describeContract('engine with a journal', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'unicloud-contract-'))
  const database = new EmbeddedDatabase({ directory })
  const close = async () => {
    await database.close()
    rmSync(directory, { recursive: true })
  }
  return { database, close }
})

describeContract('engine with lmdb', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'unicloud-contract-'))
  const database = new EmbeddedDatabase({ directory, storage: 'lmdb' })
  const close = async () => {
    await database.close()
    rmSync(directory, { recursive: true })
  }
  return { database, close }
})

describeContract('port of an engine thread', async () => {
  const thread = new EngineThread()
  return { database: thread.database, close: () => thread.close() }
})
