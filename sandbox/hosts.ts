/** The platforms' hosts that the sandbox stands in for (payment-platforms.md §1.1). */
import type { IncomingHttpHeaders } from 'node:http'

export const platformHosts = [
  'api.mch.weixin.qq.com',
  'api2.mch.weixin.qq.com',
  'openapi.alipay.com',
  'openapi.alipaydev.com',
  'openapi-sandbox.dl.alipaydev.com',
  'dwbillcenter.alipay.com',
  'api.weixin.qq.com',
  'buy.itunes.apple.com',
  'sandbox.itunes.apple.com',
  'api.storekit.itunes.apple.com',
  'api.storekit.apple.com',
  'api.appstoreconnect.apple.com',
  'api.storekit-sandbox.itunes.apple.com',
  'api.storekit-sandbox.apple.com',
  'petalpay-developer.cloud.huawei.com.cn',
] as const

export type PlatformHost = (typeof platformHosts)[number]

/** Everything of the sandbox's own lies below this path. */
export const MOUNT = '/_unicloud/sandbox'

/**
 * Platform host -> base address that stands in for it; path and query are appended as they are.
 * @param publicUrl `http://HOST:PORT` under which `MOUNT` is reached
 */
export function platformHostMap(publicUrl: string): Record<string, string> {
  return Object.fromEntries(platformHosts.map((host) => [host, platformAddress(publicUrl, host)]))
}

export function platformAddress(publicUrl: string, host: PlatformHost): string {
  return `${publicUrl.replace(/\/+$/, '')}${MOUNT}/hosts/${host}`
}

/**
 * Whether a request is meant for a platform: it was sent to this server instead, by a hosts file, a proxy or a resolver.
 * The answer opens nothing: what a platform's host is asked for never reaches the control API or the pages.
 */
export function isForPlatform(headers: IncomingHttpHeaders): boolean {
  return platformHost(headers.host) !== '' || platformHost(headers['x-forwarded-host']) !== ''
}

const known: ReadonlySet<string> = new Set(platformHosts)

/** `Host` or `x-forwarded-host`, with or without a port. @returns the platform's host; empty when it is none */
export function platformHost(header: string | string[] | undefined): string {
  const host = (Array.isArray(header) ? header[0] : header)?.toLowerCase().replace(/:\d+$/, '') ?? ''
  return known.has(host) ? host : ''
}
