/** The services of the host behind the guest's bridge: one contract, one dispatcher. */
import type { BridgeError, BridgeService } from '../bridge.ts'

/** Who asks. */
export interface ServiceContext {
  functionName: string
  /** Empty when the request was made at module load or after its call had ended. */
  requestId: string
}

/** What is behind one name of the bridge. Arguments and answers are structured-clonable plain data. */
export interface HostService {
  /** Rejects with an Error; its `code` and own plain members reach the guest. */
  handle(method: string, args: unknown[], context: ServiceContext): Promise<unknown>
  close?(): void | Promise<void>
}

export type HostServices = Partial<Record<BridgeService, HostService>>
