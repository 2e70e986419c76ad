import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../../clock/clock.ts'
import { LocalError } from '../../errors/errors.ts'
import type { DocumentDatabase } from '../command.ts'
import type { WireOptions, WireServer } from '../wire/wire-server.ts'
import { EmbeddedDatabase } from './engine.ts'
import { Outbox, onMessages, type PortReply, type PortRequest } from './port-messages.ts'
import { type PortCarrier, PortServer } from './port-server.ts'
import { SharedClock } from './shared-clock.ts'
import { encodeFailure, refusalOf } from './thread-failure.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

/**
 * The database's thread (spec/embedded-database.md §11): the embedded engine, or the driver in front of a real server.
 * Its owner hands it ports; when the database cannot be opened, every command on them is answered with the reason.
 */
const owner = parentPort
if (!owner) throw new Error('database/thread.js is started by EngineThread, not by hand')
const data = workerData as ThreadData
const shared = data.clock === undefined ? undefined : new SharedClock(data.clock)

let carrier: (PortCarrier & DocumentDatabase & { close(): Promise<void> }) | undefined
let failure: unknown
/** Ports that came before the database was open; undefined once it is, or never will be. */
let early: MessagePort[] | undefined = []
/** Wire servers by the number of the request: listening, or about to. */
const servers = new Map<number, Promise<WireServer>>()

if (data.uri === undefined) settle(openEngine)
else void openDriver(data.uri)

owner.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'connect':
      serve(message.port)
      break
    case 'clock':
      shared?.moved()
      // What the timers have begun is done before the owner is told.
      setImmediate(() => void tellMoved(message.move))
      break
    case 'announce':
      if (carrier instanceof EmbeddedDatabase) carrier.announce(message.uri)
      break
    case 'listen':
      void tellListening(message.id, listen(message.options))
      break
    case 'hangUp':
      void hangUp(message.id)
      break
    case 'close':
      void close()
      break
  }
})

function openEngine(): EmbeddedDatabase {
  return new EmbeddedDatabase({
    ...(data.directory === undefined ? {} : { directory: data.directory, lockToken: data.lockToken }),
    ...(data.storage === undefined ? {} : { storage: data.storage }),
    ...(data.durability === undefined ? {} : { durability: data.durability }),
    ...(data.checkpointBytes === undefined ? {} : { checkpointBytes: data.checkpointBytes }),
    javascript: data.javascript ?? false,
    clock: shared ?? new SystemClock(),
    warn,
  })
}

/** The driver takes long to load, so it is not there before somebody has set a server's address. */
async function openDriver(uri: string): Promise<void> {
  try {
    const { DriverDatabase } = await import('../driver/driver-database.ts')
    const database = await DriverDatabase.connect(uri, { warn })
    settle(() => database)
  } catch (error) {
    settle(() => {
      throw error
    })
  }
}

function settle(open: () => NonNullable<typeof carrier>): void {
  try {
    carrier = open()
    tell({ kind: 'ready', about: { kind: carrier.kind, ...carrier.describe() } })
  } catch (error) {
    failure = error
    tell({ kind: 'failed', failure: encodeFailure(error) })
  }
  const ports = early ?? []
  early = undefined
  for (const port of ports) serve(port)
}

function serve(port: MessagePort): void {
  if (early) early.push(port)
  else if (carrier) new PortServer(carrier, port)
  else refuse(port)
}

function refuse(port: MessagePort): void {
  const error = refusalOf(failure)
  const outbox = new Outbox<PortReply>(port)
  onMessages<PortRequest>(port, ([id, kind]) => {
    if (kind === 'command') outbox.add([id, 'error', error])
  })
}

async function listen(options: WireOptions): Promise<WireServer> {
  if (!(carrier instanceof EmbeddedDatabase)) {
    throw new LocalError('CONFIG_INVALID', 'only the embedded database can be opened to MongoDB clients', {
      hint: 'clients of a real server connect to that server',
    })
  }
  const { startWireServer } = await import('../wire/wire-server.ts')
  const server = await startWireServer(carrier, options, warn)
  // Other processes of this user come through the local socket, where nobody has to say who it is.
  if (options.socketPath !== undefined || servers.size === 1) carrier.announce(server.uris[0] ?? '')
  return server
}

async function tellListening(id: number, opening: Promise<WireServer>): Promise<void> {
  servers.set(id, opening)
  try {
    const { uris } = await opening
    tell({ kind: 'listening', id, uris })
  } catch (error) {
    servers.delete(id)
    tell({ kind: 'notListening', id, failure: encodeFailure(error) })
  }
}

async function hangUp(id: number): Promise<void> {
  const server = servers.get(id)
  servers.delete(id)
  await (await server)?.close()
  tell({ kind: 'hungUp', id })
}

async function tellMoved(move: number): Promise<void> {
  if (carrier instanceof EmbeddedDatabase) await carrier.settled()
  tell({ kind: 'clock', move })
}

function warn(text: string): void {
  tell({ kind: 'warning', text })
}

function tell(message: FromThread): void {
  owner!.postMessage(message)
}

async function close(): Promise<void> {
  try {
    for (const server of await Promise.allSettled(servers.values())) {
      if (server.status === 'fulfilled') await server.value.close()
    }
    await carrier?.close()
  } catch (error) {
    warn(`Closing the database failed: ${String(error)}`)
  }
  tell({ kind: 'closed' })
  // The ports would keep the thread alive.
  process.exit(0)
}
