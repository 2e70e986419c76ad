/** Local debug of development builds: `/system/…`, `/cloudfunctions/NAME`, `/storage/…` (spec/client-protocol.md §4). */
import { type ClientCalls, type ClientResult, isObject, type RequestFacts } from './client-calls.ts'

const FUNCTIONS = '/cloudfunctions/'

/** Last part of `/storage/…` -> the method of §3.4. */
const storagePaths: Readonly<Record<string, string>> = {
  '/storage/generate-proximal-sign': 'generateProximalSign',
  '/storage/report': 'report',
  '/storage/delete': 'delete',
  '/storage/get-temp-file-url': 'getTempFileURL',
}

/** Paths that a client expects here; a function cannot have them as its URL. */
export function isLocalDebugPath(path: string): boolean {
  return (
    path === '/system/ping' ||
    path === '/system/check-function' ||
    path === '/system/check-storage' ||
    path.startsWith(FUNCTIONS) ||
    Object.hasOwn(storagePaths, path)
  )
}

/** Answers one request; the result goes out bare, without the gateway's envelope. */
export async function localDebugAnswer(
  path: string,
  body: unknown,
  facts: RequestFacts,
  calls: ClientCalls,
): Promise<ClientResult> {
  // Checks are always passed: the call itself then says exactly what is wrong, where a refused check would only make
  // the client look for the function in a cloud that is not there.
  if (path.startsWith('/system/')) return { data: '{"code":0}' }
  if (!isObject(body))
    return { error: { code: 'InvalidBody.Format', message: 'the body must be a JSON object' } }
  const storageMethod = storagePaths[path]
  if (storageMethod !== undefined) {
    // The client's own facts stand beside `params` here.
    const clientInfo = isObject(body.clientInfo) ? body.clientInfo : {}
    return calls.storage(storageMethod, storageParams(body.params), { ...facts, clientInfo })
  }
  const name = functionName(path)
  if (name === undefined)
    return { error: { code: 'FUNCTION_NOT_FOUND', message: `FUNCTION_NOT_FOUND: ${path} names no function` } }
  return calls.call(name, body.param ?? {}, facts)
}

// internals

function functionName(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(FUNCTIONS.length)) || undefined
  } catch {
    return undefined
  }
}

/** `params` as in the gateway: JSON text, or already an object. */
function storageParams(params: unknown): Record<string, unknown> {
  if (isObject(params)) return params
  try {
    const parsed: unknown = JSON.parse(String(params))
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}
