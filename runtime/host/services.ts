/** The services of the host behind the guest's bridge: one contract, one dispatcher. */
import type { MessagePort } from 'node:worker_threads'
import type { BridgeService, GuestMessage } from '../bridge.ts'
import type { Outcome } from '../invocation.ts'
import { bridgeError } from './bridge-error.ts'
import type { HostCall } from './host-call.ts'
import type { Instance } from './instance.ts'

/** Who asks. */
export interface ServiceContext {
  functionName: string
  /** Empty when the request was made at module load; that of an ended call when it was left behind by one. */
  requestId: string
}

/** What is behind one name of the bridge. Arguments and answers are structured-clonable plain data. */
export interface HostService {
  /** Rejects with an Error; its `code` and own plain members reach the guest. */
  handle(method: string, args: unknown[], context: ServiceContext): Promise<unknown>
  close?(): void | Promise<void>
}

export type HostServices = Partial<Record<BridgeService, HostService>>

/** What the dispatcher answers itself, because it concerns instances and calls and not just data. */
export interface SpaceAccess {
  /** @param nested a `NestedInvocation`; from the guest, so unchecked */
  invokeNested(nested: unknown, parent: HostCall | undefined): Promise<Outcome>
  connectDatabase(): Promise<MessagePort>
  /** @param spaceId of another space; from the guest, so unchecked */
  connectOtherDatabase(spaceId: string): Promise<{ port: MessagePort; databaseName: string }>
}

/** Answers one request of an instance; never rejects. */
export async function dispatchRequest(
  instance: Instance,
  message: GuestMessage & { t: 'request' },
  services: HostServices,
  access: SpaceAccess,
): Promise<void> {
  const { id, service, method, args, requestId } = message
  try {
    if (service === 'call' && method === 'invoke') {
      const outcome = await access.invokeNested(args[0], instance.callOf(requestId))
      instance.send({ t: 'reply', id, ok: true, value: outcome })
    } else if (service === 'database' && method === 'connect') {
      if (args[0] === undefined) await connectDatabase(instance, id, access)
      else await connectOtherDatabase(instance, id, access, String(args[0]))
    } else {
      const known = services[service]
      if (!known) throw new Error(`the space has no service "${service}"`)
      const value = await known.handle(method, args, { functionName: instance.entry.name, requestId })
      instance.send({ t: 'reply', id, ok: true, value })
    }
  } catch (error) {
    instance.send({ t: 'reply', id, ok: false, error: bridgeError(error) })
  }
}

// internals

async function connectDatabase(instance: Instance, id: number, access: SpaceAccess): Promise<void> {
  const port = await access.connectDatabase()
  if (instance.carrier.transfersPorts) {
    instance.send({ t: 'reply', id, ok: true, value: port }, [port])
    return
  }
  instance.relayTo(port)
  instance.send({ t: 'reply', id, ok: true, value: undefined })
}

async function connectOtherDatabase(
  instance: Instance,
  id: number,
  access: SpaceAccess,
  spaceId: string,
): Promise<void> {
  if (!instance.carrier.transfersPorts) {
    throw new Error('the database of another space can be used with "isolation": "thread" only')
  }
  const value = await access.connectOtherDatabase(spaceId)
  instance.send({ t: 'reply', id, ok: true, value }, [value.port])
}
