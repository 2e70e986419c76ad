import { EmbeddedDatabase, type EmbeddedOptions } from '../../../database/engine/engine.ts'
import { startWireServer, type WireOptions } from '../../../database/wire/wire-server.ts'

/** An engine in memory behind a wire server. */
export interface Wired {
  engine: EmbeddedDatabase
  uri: string
  close(): Promise<void>
}

/** Starts both; without a door named, on a free port of this machine. */
export async function startWired(
  options: WireOptions = { port: 0 },
  engineOptions: EmbeddedOptions = {},
): Promise<Wired> {
  const engine = new EmbeddedDatabase(engineOptions)
  const server = await startWireServer(engine, options)
  const close = async () => {
    await server.close()
    await engine.close()
  }
  return { engine, uri: server.uris[0]!, close }
}
