/** The contract between a pool and the space it belongs to. */
import type { GuestLog, GuestMessage, GuestSpace } from '../bridge.ts'
import type { CallSource } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { CallLimits } from './call-limits.ts'
import type { Carrier } from './carrier.ts'
import type { Instance } from './instance.ts'
import type { IdlePolicy } from './instance-set.ts'
import type { MachineLoad } from './machine-load.ts'

/** What a pool needs of the space. */
export interface PoolHost {
  readonly maxInstances: number
  readonly maxQueue: number
  readonly idle: IdlePolicy
  readonly load: MachineLoad
  launch(entry: FunctionEntry): Carrier
  guestSpace(): GuestSpace
  limits(entry: FunctionEntry, source: CallSource): CallLimits
  request(instance: Instance, message: GuestMessage & { t: 'request' }): void
  log(entry: FunctionEntry, line: GuestLog): void
  /** One line about the function; of our own unless `channel` says otherwise. */
  remark(entry: FunctionEntry, level: GuestLog['level'], text: string, channel?: GuestLog['channel']): void
}
