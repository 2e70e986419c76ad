/**
 * What user code does to its own instance: throw where nobody catches, reject where nobody waits, end the process.
 * Each leaves a line in the log; only the first and the last end the instance (spec/runtime.md §6.2).
 */
import { isMainThread } from 'node:worker_threads'
import type { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import type { Kernel } from './kernel.ts'
import { describeThrown } from './stack.ts'

/** What the log says of them. */
export const complaints = {
  unhandledRejection: 'a promise was rejected and nobody handled it',
  uncaughtException: 'uncaught',
} as const

/** For an instance that has the thread or process to itself. */
export function watchCrashes(kernel: Kernel, channel: BatchChannel<GuestMessage, HostMessage>): void {
  // Nobody awaits it, so no call is wrong because of it: the instance goes on.
  process.on('unhandledRejection', (reason) => {
    kernel.complain(`${complaints.unhandledRejection}: ${describeThrown(reason)}`)
  })
  // A throw out of a timer or an event leaves the code in an unknown state, as in any Node process: the end.
  process.on('uncaughtException', (error) => {
    kernel.complain(`${complaints.uncaughtException}: ${describeThrown(error)}`)
    channel.flush()
    process.exit(1)
  })
  process.on('exit', () => channel.flush())
  if (!isMainThread) keepSignalsToItself(kernel, channel)
}

// internals

/** A thread shares its process with the whole space: a signal it sends to itself ends this instance and no other. */
function keepSignalsToItself(kernel: Kernel, channel: BatchChannel<GuestMessage, HostMessage>): void {
  const kill = process.kill
  process.kill = (pid, signal) => {
    // 0 is the group of processes it belongs to; signal 0 only asks whether there is such a process.
    if (signal === 0 || (pid !== process.pid && pid !== 0 && pid !== -process.pid)) return kill(pid, signal)
    kernel.complain(`it sent itself ${signal ?? 'SIGTERM'}`)
    channel.flush()
    return process.exit(1)
  }
}
