import { DriverDatabase } from '../../../database/driver/driver-database.ts'
import { describeContract } from '../contract.ts'
import { startWired } from '../wire/wired.ts'

describeContract('official driver over the wire server', async () => {
  const wired = await startWired()
  const database = await DriverDatabase.connect(wired.uri)
  const close = async () => {
    await database.close()
    await wired.close()
  }
  return { database, close }
})

const uri = process.env.MONGODB_URI
if (uri) {
  describeContract('official driver over MONGODB_URI', async () => {
    const database = await DriverDatabase.connect(uri)
    return { database, close: () => database.close() }
  })
}
