/**
 * What one instance offers to the code that lives in it. The `uniCloud` object is built on this and on nothing
 * else, so that it does not know whether a thread, a process or a direct call carries the instance.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../clock/clock.ts'
import type { BridgeService, GuestCall, GuestLog, GuestSpace } from '../bridge.ts'
import type { Invocation } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'

/** A call that runs in this instance right now. */
export interface ActiveCall {
  readonly call: GuestCall
  /**
   * What `this.getClientInfo()` and `uniCloud.getClientInfos()` show of it (spec/runtime.md §5.1); built at the
   * first read, the same object afterwards.
   */
  readonly clientInfo: CallClientInfo
}

/** Client fields of a call, with the members the platform itself vouches for. */
export interface CallClientInfo {
  clientIP: string
  userAgent: string
  source: string
  requestId: string
  uniIdToken?: string
  [field: string]: unknown
}

/** The part of a `MessagePort` the database client uses; process instances get one that goes through the bridge. */
export type DatabasePort = Pick<MessagePort, 'postMessage' | 'close' | 'ref' | 'unref'> & {
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'close', listener: () => void): unknown
}

/** A nested call as `request('call', 'invoke', [nested])` takes it; the answer is an `Outcome`, never a rejection. */
export interface NestedInvocation extends Pick<Invocation, 'name' | 'payload' | 'timeoutMs'> {
  /** Another space of the configuration; default: this one. */
  spaceId?: string
}

export interface GuestRuntime {
  /** Kept up to date: `functions` and `publicUrl` may change while the instance lives. */
  readonly space: GuestSpace
  readonly entry: FunctionEntry
  /** The space's clock, as the host last told it. */
  readonly clock: Clock
  /**
   * Asks a service of the host. Arguments and answer are structured-cloned plain data (buffers allowed).
   * Rejects with an Error that has the `code` and further own members the service gave it.
   *
   * `call` / `invoke` / `[NestedInvocation]` answers an `Outcome`.
   */
  request(service: BridgeService, method: string, args: unknown[]): Promise<unknown>
  /** The call whose code is running (AsyncLocalStorage); undefined at module load. */
  currentCall(): ActiveCall | undefined
  /** Calls in flight, oldest first. */
  activeCalls(): ActiveCall[]
  /** Epoch milliseconds of the space's clock. */
  now(): number
  /** One log line with the current call's request id; `args` are formatted as `console.log` formats them. */
  log(level: GuestLog['level'], channel: GuestLog['channel'], args: readonly unknown[]): void
  /** One `system` warning per key and instance. */
  warnOnce(key: string, text: string): void
  /** A connection of this instance to the space's database; opens the database when nobody did before. */
  databasePort(): Promise<DatabasePort>
  /** Called when the instance is about to end: close connections. Awaited, within a second. */
  onDrain(callback: () => void | Promise<void>): void
}
