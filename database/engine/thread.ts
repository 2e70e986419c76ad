import { parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../../clock/clock.ts'
import { EmbeddedDatabase } from './engine.ts'
import { encodeError, type PortReply, type PortRequest } from './port-messages.ts'
import { PortServer } from './port-server.ts'
import { SharedClock } from './shared-clock.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

/**
 * The engine's thread (spec/embedded-database.md §11). Its owner hands it ports; when the engine cannot be opened, every
 * command on them is answered with the reason.
 */
const owner = parentPort
if (!owner) throw new Error('database/thread.js is started by EngineThread, not by hand')
const data = workerData as ThreadData
const shared = data.clock === undefined ? undefined : new SharedClock(data.clock)

let engine: EmbeddedDatabase | undefined
let failure: unknown
try {
  engine = new EmbeddedDatabase({
    ...(data.directory === undefined ? {} : { directory: data.directory, lockToken: data.lockToken }),
    ...(data.durability === undefined ? {} : { durability: data.durability }),
    ...(data.checkpointBytes === undefined ? {} : { checkpointBytes: data.checkpointBytes }),
    javascript: data.javascript ?? false,
    clock: shared ?? new SystemClock(),
    warn: (text) => tell({ kind: 'warning', text }),
  })
  tell({ kind: 'ready' })
} catch (error) {
  failure = error
  tell({ kind: 'failed', error: encodeError(error) })
}

owner.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'connect':
      if (engine) new PortServer(engine, message.port)
      else refuse(message.port)
      break
    case 'clock':
      shared?.moved()
      // What the timers have begun gets its turn before the owner is told.
      setImmediate(() => tell({ kind: 'clock', move: message.move }))
      break
    case 'announce':
      engine?.announce(message.uri)
      break
    case 'close':
      void close()
      break
  }
})

function tell(message: FromThread): void {
  owner!.postMessage(message)
}

function refuse(port: import('node:worker_threads').MessagePort): void {
  const error = encodeError(failure)
  port.on('message', (requests: PortRequest[]) => {
    const replies = requests.flatMap(([id, kind]): PortReply[] =>
      kind === 'command' ? [[id, 'error', error]] : [],
    )
    port.postMessage(replies)
  })
}

async function close(): Promise<void> {
  try {
    await engine?.close()
  } catch (error) {
    tell({ kind: 'warning', text: `Closing the database failed: ${String(error)}` })
  }
  tell({ kind: 'closed' })
  // The ports would keep the thread alive.
  process.exit(0)
}
