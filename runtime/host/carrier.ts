/** What carries an instance: a thread, a process, or this very thread. */
import type { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import type { Claims } from '../claims.ts'
import type { WatchedMemory } from './memory-watch.ts'

/** How a guest came to its end. */
export interface CarrierExit {
  kind: 'memory' | 'exit' | 'killed'
  /** For the log: `process.exit(3)`, the signal, the engine's error. */
  detail: string
}

export interface Carrier {
  readonly channel: BatchChannel<HostMessage, GuestMessage>
  /** Whether a message may hand over a `MessagePort`. */
  readonly transfersPorts: boolean
  /** Where calls handed ahead are claimed; absent where both sides share no memory. */
  readonly claims?: Claims
  /** Share of the time since the last question that the guest's loop was busy, 0 to 1; absent where nobody knows. */
  utilization?(): number
  /** Absent where the guest's heap is not the host's concern. */
  readonly memory?: WatchedMemory
  /** Called once, after the last message of the guest was delivered. */
  onExit(listener: (exit: CarrierExit) => void): void
  /** What user code wrote to the standard streams itself. */
  onOutput(listener: (level: 'log' | 'error', text: string) => void): void
  /** Ends the guest at once, whatever it does. */
  kill(): Promise<void>
  /** Stops the guest's time until `thaw`; only where the carrier can. */
  freeze?(): void
  thaw?(): void
}

/** What a carrier is started with. */
export interface CarrierOptions {
  /** Heap limit in MB. */
  memoryMB: number
  /** Environment of the guest, whole. */
  env: Record<string, string>
  /** Working directory, where the carrier can have its own. */
  cwd: string
}
