/**
 * Services without a back end here: each use is recorded in the space's outbox, which knows whether it was scripted
 * to fail or to answer something else (spec/runtime.md §10).
 */
import type { GuestRuntime } from '../guest-context.ts'
import { UniCloudError } from './error.ts'

/** One use of such a service. */
export interface ServiceUse {
  /** The `uniCloud` member, as `stubs` of the configuration names it. */
  service: string
  /** The method of the manager it gave, if it gave one. */
  method?: string
  args: readonly unknown[]
  /** What it answers unless scripted otherwise. */
  answer: unknown
}

/**
 * Records the use.
 * @returns the answer, scripted or not
 * @throws UniCloudError when it is scripted to fail
 */
export async function useService(runtime: GuestRuntime, use: ServiceUse): Promise<unknown> {
  try {
    return await runtime.request('outbox', 'record', [{ ...use, args: plain(use.args) }])
  } catch (error) {
    throw asUniCloudError(error)
  }
}

/** An error of a host service in the class user code knows. */
export function asUniCloudError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { errCode, errMsg } = error as { errCode?: unknown; errMsg?: unknown }
  if (typeof errCode !== 'string' && typeof errCode !== 'number') return error
  return new UniCloudError({ errCode, errMsg: typeof errMsg === 'string' ? errMsg : error.message })
}

// internals

/** Arguments as data; what JSON cannot carry is left out of the record. */
function plain(args: readonly unknown[]): unknown {
  try {
    return JSON.parse(JSON.stringify(args)) as unknown
  } catch {
    return args.map(String)
  }
}
