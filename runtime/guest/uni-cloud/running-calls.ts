/** What `uniCloud` tells about the calls that run in this instance (spec/runtime.md §8). */
import type { CallClientInfo, GuestRuntime } from '../guest-context.ts'

interface CloudInfo {
  provider: string
  spaceId: string
  useOldSpaceId: boolean
  functionName: string
  functionType: string
  runtimeEnv: string
  requestId: string
}

export interface RunningCallsApi {
  getRequestList(): string[]
  getClientInfos(): CallClientInfo[]
  getCloudInfos(): CloudInfo[]
}

export function runningCallsApi(runtime: GuestRuntime): RunningCallsApi {
  return {
    getRequestList: () => runtime.activeCalls().map(({ call }) => call.requestId),
    getClientInfos: () => runtime.activeCalls().map(({ clientInfo }) => clientInfo),
    getCloudInfos: () => runtime.activeCalls().map(({ call }) => cloudInfo(runtime, call.requestId)),
  }
}

// internals

function cloudInfo({ space, entry }: GuestRuntime, requestId: string): CloudInfo {
  return {
    provider: space.provider,
    spaceId: space.spaceId,
    useOldSpaceId: false,
    functionName: entry.name,
    functionType: entry.kind,
    runtimeEnv: space.runtimeEnv,
    requestId,
  }
}
