/** `uniCloud.init`: another space of the same account, from the cloud side (spec/runtime.md §7). */
import { providers } from '../../provider.ts'
import type { GuestRuntime } from '../guest-context.ts'
import { unreachableSpace } from './database.ts'
import { invalidParam, UniCloudError } from './error.ts'
import { FunctionCalls } from './function-calls.ts'
import { importObject } from './import-object.ts'

/** Members of another space that reject; those that answer at once give an object whose methods do. */
const calls = ['uploadFile', 'getTempFileURL', 'deleteFile', 'downloadFile', 'getFileInfo']

/**
 * @param own the `uniCloud` of this space
 * @returns `own` for this space itself; of a configured space its functions and objects; for any other an object whose
 * calls reject with `INVALID_SPACE`
 */
export function initSpace(runtime: GuestRuntime, own: object, options: { spaceId?: unknown }): object {
  const { space } = runtime
  const spaceId = options?.spaceId
  if (typeof spaceId !== 'string' || spaceId === '') throw invalidParam('init: spaceId is required')
  if (spaceId === space.spaceId) return own
  const error = () =>
    providers[space.provider].crossSpace
      ? unreachableSpace(space.otherSpaces, spaceId)
      : new UniCloudError({
          errCode: 'INVALID_SPACE',
          errMsg: `cloud functions of ${space.provider} cannot use another space ([${spaceId}])`,
        })
  const reject = async () => {
    throw error()
  }
  const anyMethod = () => new Proxy({}, { get: (_, key) => (isLocal(key) ? undefined : reject) })
  const reachable = providers[space.provider].crossSpace && space.otherSpaces.includes(spaceId)
  const functions = new FunctionCalls(runtime, spaceId)
  return {
    ...Object.fromEntries(calls.map((name) => [name, reject])),
    callFunction: reachable ? functions.callFunction.bind(functions) : reject,
    importObject: reachable ? (name: unknown) => importObject(functions, name) : anyMethod,
    database: () => {
      throw error()
    },
  }
}

// internals

function isLocal(key: string | symbol): boolean {
  return typeof key === 'symbol' || key === 'then' || key === 'toJSON'
}
