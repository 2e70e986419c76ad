/** Who is calling, in the two spellings that createInstance takes (spec/uni-id.md §2). */

export interface ClientInfo {
  appId?: string
  /** `web`, `app`, `mp-weixin`, …, or an older name of these. */
  platform?: string
  /** Language of `errMsg`. */
  locale?: string
  clientIP?: string
  deviceId?: string
  [field: string]: unknown
}

/** The context of a cloud function. In a call by URL the function may have set these members itself. */
export interface FunctionContext {
  APPID?: string
  PLATFORM?: string
  LOCALE?: string
  CLIENTIP?: string
  DEVICEID?: string
  [field: string]: unknown
}

export type Client = Pick<ClientInfo, 'appId' | 'platform' | 'locale' | 'clientIP'>

/**
 * @param options with both, the context counts
 * @throws TypeError without either
 */
export function readClient(options: {
  context?: FunctionContext | null
  clientInfo?: ClientInfo | null
}): Client {
  const { context, clientInfo } = options ?? {}
  if (context) {
    const { APPID, PLATFORM, LOCALE, CLIENTIP } = context
    return present({ appId: APPID, platform: PLATFORM, locale: LOCALE, clientIP: CLIENTIP })
  }
  if (clientInfo) {
    const { appId, platform, locale, clientIP } = clientInfo
    return present({ appId, platform, locale, clientIP })
  }
  throw new TypeError(
    'uni-id-common: createInstance needs { context } in a cloud function, or { clientInfo: this.getClientInfo() } in a cloud object',
  )
}

// internals

function present(fields: Record<keyof Client, string | undefined>): Client {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''))
}
