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
import { FileStore } from './storage/file-store.ts'
import { StorageFace } from './storage/storage-http.ts'
import { StorageService } from './storage/storage-service.ts'

export interface ServicesOptions {
  options: SpaceOptions
  clock: Clock
  logs: LogStore
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
export function createServices({ options, clock, logs }: ServicesOptions): CreatedServices {
  const storageSecret = randomBytes(32).toString('base64url')
  const store = new FileStore(path.join(options.data, 'storage'), clock)
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
      storage: new StorageFace({ store, signer: new StorageSigner(storageSecret), clock }),
    },
    storageSecret,
  }
}
