/** What instances must know of their space, out of its options and its manifest. */
import { url as inspectorUrl } from 'node:inspector'
import path from 'node:path'
import type { ClockState } from '../../clock/adjustable-clock.ts'
import { platformHostMap } from '../../sandbox/hosts.ts'
import type { GuestSpace } from '../bridge.ts'
import type { SpaceOptions } from '../config/options.ts'
import type { Manifest } from '../project/manifest.ts'

export function guestSpace(
  options: SpaceOptions,
  manifest: Manifest,
  now: { clock: ClockState; publicUrl: string | undefined; databaseName: string; storageSecret: string },
): GuestSpace {
  // Without a server (a single run) the address it will have, so that what is stored points there.
  const publicUrl = now.publicUrl ?? `http://127.0.0.1:${options.port || 7100}`
  const space: GuestSpace = {
    spaceId: options.spaceId,
    provider: manifest.provider,
    runtimeEnv: 'local',
    modules: manifest.modules,
    functions: functionKinds(manifest),
    projectRoot: manifest.root,
    looseModules: options.looseModules,
    transformCache: transformCache(options),
    hostMap: options.sandbox ? { ...platformHostMap(publicUrl), ...options.hostMap } : options.hostMap,
    network: options.network,
    redis: redisOf(options.redis),
    databaseName: now.databaseName,
    allowNewerOperators: options.allowNewerOperators,
    clock: now.clock,
    otherSpaces: Object.keys(options.spaces),
    storageSecret: now.storageSecret,
    publicUrl,
  }
  if (inspectorUrl() !== undefined) space.debugged = true
  return space
}

export function functionKinds(manifest: Manifest): GuestSpace['functions'] {
  return Object.fromEntries(Object.values(manifest.functions).map(({ name, kind }) => [name, kind]))
}

/** Folder of transformed sources, shared by the host and all instances. */
export function transformCache(options: SpaceOptions): string {
  return path.join(options.data, 'transforms')
}

// internals

function redisOf(redis: string): GuestSpace['redis'] {
  if (redis === 'none' || redis === 'memory') return { kind: redis }
  return { kind: 'url', url: redis }
}
