import type { MongoClient } from 'mongodb'

/** What a server says about itself that decides how it is used. */
export interface ServerFacts {
  readonly version: string
  /** Part of a replica set or a sharded cluster: only those have transactions, retryable writes and change streams. */
  readonly replicated: boolean
}

/** Asks the server. */
export async function serverFacts(client: MongoClient): Promise<ServerFacts> {
  const admin = client.db('admin')
  const { setName, msg } = await admin.command({ hello: 1 })
  const { version } = await admin.command({ buildInfo: 1 })
  return { version: String(version), replicated: setName !== undefined || msg === 'isdbgrid' }
}
