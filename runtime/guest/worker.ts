/**
 * Where an instance starts: a worker thread, or a forked process. Built to `dist/guest/worker.js`. Says `ready`
 * once the runtime is loaded and then waits for the function it is to become.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import { Claims } from '../claims.ts'
import { watchCrashes } from './crashes.ts'
import { OwnGlobals } from './guest-globals.ts'
import { Kernel } from './kernel.ts'

const thread = parentPort ? takeThreadData() : undefined
const channel = thread ? threadChannel(thread.port) : processChannel()
const kernel = new Kernel(channel, new OwnGlobals(new AsyncLocalStorage()), thread?.claims)
watchCrashes(kernel, channel)
channel.send({ t: 'ready' })
channel.flush()

// internals

/** `workerData` as the host gives it. */
interface ThreadData {
  port: MessagePort
  claims: SharedArrayBuffer
}

/**
 * The instance talks over a port of its own: user code may read, write or close `parentPort` without reaching us.
 * Nor shall it find the port in `workerData`.
 */
function takeThreadData(): { port: MessagePort; claims: Claims } {
  const data = workerData as Partial<ThreadData>
  const { port, claims } = workerData as ThreadData
  delete data.port
  delete data.claims
  return { port, claims: new Claims(claims) }
}

function threadChannel(port: MessagePort): BatchChannel<GuestMessage, HostMessage> {
  const channel = new BatchChannel<GuestMessage, HostMessage>({
    post: (batch, transfer) => port.postMessage(batch, transfer as MessagePort[]),
    close: () => port.close(),
  })
  port.on('message', (batch: HostMessage[]) => channel.receive(batch))
  return channel
}

function processChannel(): BatchChannel<GuestMessage, HostMessage> {
  // Ctrl+C reaches the whole group of processes; the host alone decides when its instances end.
  process.on('SIGINT', () => {})
  const send = process.send?.bind(process)
  if (!send) throw new Error('an instance is started by the runtime, not by hand')
  // Without its host an instance has no purpose; it must not outlive it.
  process.on('disconnect', () => process.exit(0))
  const channel = new BatchChannel<GuestMessage, HostMessage>({ post: (batch) => void send(batch) })
  process.on('message', (batch: HostMessage[]) => channel.receive(batch))
  return channel
}
