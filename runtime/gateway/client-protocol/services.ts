/** What the client protocol offers beside functions and objects; handed in by those who implement it. */

/** Who asks, for permission rules and logs. */
export interface ClientCaller {
  requestId: string
  clientInfo: Record<string, unknown>
  uniIdToken?: string
  clientIP: string
  userAgent: string
}

/** Last part of `serverless.file.resource.…` (spec/client-protocol.md §3.4). */
export type StorageMethod = 'generateProximalSign' | 'report' | 'getTempFileURL' | 'delete' | 'info'

export interface ClientServices {
  /**
   * A clientDB request: `args` holds `command` or `multiCommand`, and `action`.
   * @returns the `data` of spec/client-protocol.md §3.6, failures included; must not reject
   */
  clientDB?(args: Record<string, unknown>, caller: ClientCaller): Promise<Record<string, unknown>>
  /**
   * A storage request of an app.
   * @param reachedAt `http://host:port` as the client knows this server; absent when its request does not say
   * @returns the `data` of spec/client-protocol.md §3.4
   * @throws an error with `errCode` or `code`, and a message
   */
  storage?(
    method: StorageMethod,
    params: Record<string, unknown>,
    caller: ClientCaller,
    reachedAt?: string,
  ): Promise<unknown>
}

export const storageMethods: ReadonlySet<string> = new Set<StorageMethod>([
  'generateProximalSign',
  'report',
  'getTempFileURL',
  'delete',
  'info',
])

export function isStorageMethod(name: string): name is StorageMethod {
  return storageMethods.has(name)
}
