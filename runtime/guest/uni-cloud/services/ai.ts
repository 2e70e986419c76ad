/** `uniCloud.ai`: present with its extension, without a model behind it (spec/runtime.md §8). */
import { notSupported } from '../error.ts'

type Manager = Record<string, (...args: unknown[]) => Promise<never>>

export interface Ai {
  getLLMManager(options?: unknown): Manager
  getMediaManager(options?: unknown): Manager
}

export function ai(): Ai {
  return {
    getLLMManager: () => refusing('ai.getLLMManager()'),
    getMediaManager: () => refusing('ai.getMediaManager()'),
  }
}

// internals

/** Every method rejects. */
function refusing(manager: string): Manager {
  return new Proxy({} as Manager, {
    get(target, key) {
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return Reflect.get(target, key)
      return async () => {
        throw notSupported(
          `${manager}.${key} is not available in the local space: it has no model behind it; ` +
            'call the vendor with uniCloud.httpclient, or test this code in the cloud',
        )
      }
    },
  })
}
