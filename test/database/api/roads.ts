import { MessageChannel } from 'node:worker_threads'
import type { DocumentDatabase } from '../../../database/command.ts'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import { PortDatabase } from '../../../database/engine/port-client.ts'
import { PortServer } from '../../../database/engine/port-server.ts'

/** The ways from the API to an engine: as a direct call, and through a port as instances have it. */
export const roads: Record<string, () => DocumentDatabase> = {
  direct: () => new EmbeddedDatabase(),
  port: () => {
    const engine = new EmbeddedDatabase()
    const { port1, port2 } = new MessageChannel()
    new PortServer(engine, port2)
    const database = new PortDatabase(port1)
    const close = database[Symbol.asyncDispose].bind(database)
    database[Symbol.asyncDispose] = async () => {
      await close()
      await engine.close()
    }
    return database
  },
}
