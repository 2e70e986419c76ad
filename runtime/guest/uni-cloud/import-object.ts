/** `uniCloud.importObject`: a cloud object as an object whose methods are remote (spec/runtime.md §7). */
import { invalidParam } from './error.ts'
import type { FunctionCalls } from './function-calls.ts'

export type RemoteObject = Record<string, (...params: unknown[]) => Promise<unknown>>

/**
 * Makes no call and knows no methods: whatever is called is sent. `then` is not among them, so that the object can
 * be returned from async code; options for client-side dialogs are ignored in the cloud.
 */
export function importObject(calls: FunctionCalls, name: unknown): RemoteObject {
  if (typeof name !== 'string' || name === '') {
    throw invalidParam('importObject: the name of a cloud object is expected')
  }
  const methods = new Map<string, (...params: unknown[]) => Promise<unknown>>()
  return new Proxy(Object.create(remotePrototype) as RemoteObject, {
    get(target, key) {
      if (typeof key === 'symbol' || localNames.has(key)) return Reflect.get(target, key)
      let method = methods.get(key)
      if (!method) {
        method = (...params) => calls.callMethod(name, key, params)
        methods.set(key, method)
      }
      return method
    },
    has: (target, key) => typeof key === 'symbol' && Reflect.has(target, key),
  })
}

// internals

/** What JavaScript itself asks objects for; never a remote method. */
const localNames = new Set(['then', 'toString', 'toJSON', 'valueOf', 'constructor', 'inspect'])

const remotePrototype = {
  toString: () => '[object UniCloudObject]',
  [Symbol.toStringTag]: 'UniCloudObject',
}
