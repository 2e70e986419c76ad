/** A service whose code is loaded with its first request. */
import type { HostService } from './services.ts'

export function lazyService(load: () => Promise<HostService>): HostService {
  let loaded: Promise<HostService> | undefined
  const service = () => {
    loaded ??= load()
    return loaded
  }
  return {
    handle: async (method, args, context) => (await service()).handle(method, args, context),
    close: async () => (await loaded)?.close?.(),
  }
}
