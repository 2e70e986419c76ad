/** The services of one space, each handed what it needs. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Clock } from '../../clock/clock.ts'
import type { SpaceOptions } from '../config/options.ts'
import type { SpaceServices } from '../space-api.ts'
import { StorageSigner } from '../storage-address.ts'
import { lazyService } from './lazy-service.ts'
import type { LogStore } from './log-store.ts'
import { Outbox } from './outbox.ts'
import { PushChannels } from './push-channels.ts'
import type { HostServices } from './services.ts'
import { ClientStorage } from './storage/client-storage.ts'
import { FileStore } from './storage/file-store.ts'
import { StorageFace } from './storage/storage-http.ts'
import { StorageService } from './storage/storage-service.ts'

/** The space, as its services need it. */
export interface ServicesOptions {
  readonly options: SpaceOptions
  readonly clock: Clock
  readonly logs: LogStore
  /** Known once a server listens. */
  readonly publicUrl?: string | undefined
}

export interface CreatedServices {
  /** For the bridge of the instances. */
  bridge: HostServices
  /** For faces and tools. */
  services: SpaceServices
  /** For `GuestSpace`; good as long as this space lives. */
  storageSecret: string
}

/** Nothing is opened or read before it is used. */
export function createServices(space: ServicesOptions): CreatedServices {
  const { options, clock, logs } = space
  const storageSecret = randomBytes(32).toString('base64url')
  const store = new FileStore(path.join(options.data, 'storage'), clock, options.privateFiles)
  const signer = new StorageSigner(storageSecret)
  const publicUrl = () => space.publicUrl ?? `http://127.0.0.1:${options.port || 7100}`
  const clientStorage = new ClientStorage({ store, signer, clock, publicUrl })
  const outbox = new Outbox({ clock, logs, stubs: options.stubs })
  const push = new PushChannels()
  return {
    bridge: {
      outbox,
      push,
      storage: new StorageService(store),
      redis: lazyService(async () => {
        const { RedisService } = await import('./redis/redis-service.ts')
        return new RedisService(clock)
      }),
    },
    services: {
      outbox,
      push,
      clientStorage: (method, params, _caller, reachedAt) => clientStorage.answer(method, params, reachedAt),
      storage: new StorageFace({ store, signer, clock }),
    },
    storageSecret,
  }
}
