/**
 * The real client SDK (`@dcloudio/uni-cloud`) in Node, as the web build of a uni-app project compiles it in: the same
 * source and the same string defines, over a small `uni` (requests, storage, system info).
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface ClientSpace {
  provider: 'dcloud' | 'aliyun'
  spaceId: string
  clientSecret: string
  endpoint: string
}

export interface CallResult {
  result: unknown
  requestId?: string
  success?: boolean
  errCode?: number
}

/** What the tests use of it. */
export interface ClientSdk {
  callFunction(options: { name: string; data?: object }): Promise<CallResult>
  importObject(
    name: string,
    options?: object,
  ): Record<string, (...params: unknown[]) => Promise<Record<string, unknown>>>
  database(): { collection(name: string): { get(): Promise<unknown> } }
  uploadFile(options: object): Promise<unknown>
  getTempFileURL(options: object): Promise<unknown>
  onRefreshToken(listener: (event: object) => void): void
  init(space: ClientSpace): ClientSdk
}

export interface Client {
  uniCloud: ClientSdk
  storage: Map<string, unknown>
  /** Requests made so far. */
  requests: Array<{ url: string; data: Record<string, unknown> | undefined }>
}

/** @param debug what `UNICLOUD_DEBUG` holds in a development build; none in a release build */
export async function loadClientSdk(space: ClientSpace, debug?: object): Promise<Client> {
  const code = await compiled(space, debug)
  const storage = new Map<string, unknown>()
  const requests: Client['requests'] = []
  const uni = uniShim(storage, requests)
  const scope: Record<string, unknown> = { uni }
  const module: { exports: { uniCloud?: ClientSdk } } = { exports: {} }
  // Its own `globalThis` and `window`: it registers itself there, and tests load it several times.
  const run = new Function('globalThis', 'self', 'window', 'navigator', 'uni', 'module', 'exports', code)
  run(scope, scope, scope, { userAgent: 'node' }, uni, module, module.exports)
  return { uniCloud: module.exports.uniCloud!, storage, requests }
}

// internals

interface RequestOptions {
  url: string
  method?: string
  data?: Record<string, unknown>
  header?: Record<string, string>
  timeout?: number
  success?(answer: object): void
  fail?(error: object): void
  complete?(answer: object): void
}

async function compiled(space: ClientSpace, debug: object | undefined): Promise<string> {
  const text = (value: unknown): string => JSON.stringify(JSON.stringify(value))
  const result = await build({
    entryPoints: [fileURLToPath(import.meta.resolve('@dcloudio/uni-cloud/dist/uni-cloud.es.js'))],
    bundle: true,
    write: false,
    format: 'cjs',
    define: {
      'process.env.NODE_ENV': JSON.stringify(debug ? 'development' : 'production'),
      'process.env.UNI_PLATFORM': '"h5"',
      'process.env.UNI_APP_ID': '"__UNI__LOCAL01"',
      'process.env.UNI_CLOUD_PROVIDER': text([{ spaceName: 'local', ...space }]),
      'process.env.UNICLOUD_DEBUG': debug ? text(debug) : 'undefined',
      'process.env.RUN_BY_HBUILDERX': 'undefined',
      'process.env.UNI_SECURE_NETWORK_ENABLE': 'false',
      'process.env.UNI_SECURE_NETWORK_CONFIG': text([]),
    },
    plugins: [
      {
        name: 'pages',
        setup(build) {
          build.onResolve({ filter: /^@\/pages\.json$/ }, () => ({ path: 'pages', namespace: 'pages' }))
          build.onLoad({ filter: /.*/, namespace: 'pages' }, () => ({
            contents: '{"pages":[]}',
            loader: 'json',
          }))
        },
      },
    ],
  })
  return result.outputFiles[0]!.text
}

function uniShim(storage: Map<string, unknown>, requests: Client['requests']): object {
  const system = {
    appId: '__UNI__LOCAL01',
    appName: 'local',
    deviceId: 'device-1',
    osName: 'linux',
    uniPlatform: 'web',
    ua: 'node',
  }
  const nothing = (): void => {}
  return {
    request(options: RequestOptions): void {
      requests.push({ url: options.url, data: options.data && structuredClone(options.data) })
      void answer(options)
    },
    getSystemInfoSync: () => system,
    getLocale: () => 'en',
    getStorageSync: (key: string) => storage.get(key) ?? '',
    setStorageSync: (key: string, value: unknown) => void storage.set(key, value),
    removeStorageSync: (key: string) => void storage.delete(key),
    clearStorageSync: () => storage.clear(),
    addInterceptor: nothing,
    showLoading: nothing,
    hideLoading: nothing,
    showToast: nothing,
    showModal: ({ success }: { success?(answer: object): void }) => success?.({ confirm: true }),
  }
}

async function answer({
  url,
  method = 'GET',
  data,
  header,
  timeout = 10_000,
  ...callbacks
}: RequestOptions): Promise<void> {
  let received: object
  try {
    const response = await fetch(url, {
      method,
      ...(header && { headers: header }),
      ...(data && { body: JSON.stringify(data) }),
      signal: AbortSignal.timeout(timeout),
    })
    const text = await response.text()
    received = {
      statusCode: response.status,
      data: JSON.parse(text),
      header: Object.fromEntries(response.headers),
      errMsg: 'request:ok',
    }
    callbacks.success?.(received)
  } catch (error) {
    received = { errMsg: `request:fail ${error}` }
    callbacks.fail?.(received)
  }
  callbacks.complete?.(received)
}
