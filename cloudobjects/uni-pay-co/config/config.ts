/** `uni-config-center/uni-pay/config.js` (spec/uni-pay.md §3.2). */
import { PayError } from '../pay-error.ts'
import { loadFromProject } from './project-file.ts'

type Row = UniCloudGuest.Row

/** One way to be paid: what it holds goes to `init…` of uni-pay as it is. */
export interface MerchantNode extends Row {
  appId?: string
}

export interface PayConfig extends Row {
  notifyUrl?: Record<string, string>
  /** Key of `libs/crypto`. */
  notifyKey?: string
  /** An order that the platform calls paid is settled when somebody asks for it (D24). */
  reconcile?: boolean
}

/** @throws Error when there is no configuration */
export function payConfig(): PayConfig {
  const config = loadFromProject('config.js')
  if (typeof config === 'object' && config !== null) return config as PayConfig
  throw new Error(
    'uni-pay is not configured: create uni-config-center/uni-pay/config.js, which exports notifyUrl and a node ' +
      'for each way to be paid (wxpay, alipay, …)',
  )
}

/** @throws Error `<provider>_<type> : 商户支付配置错误` */
export function merchantNode(provider: string, payType: string): MerchantNode {
  const config = payConfig()
  const node = member(member(config, provider), payType)
  if (!isRow(node)) throw new Error(`${provider}_${payType} : 商户支付配置错误`)
  if (provider !== 'appleiap' && !node.appId)
    throw new Error(`uni-pay配置${provider}.${payType}节点下的appId不能为空`)
  return node
}

/** The node, where it is enough that there may be none. */
export function nodeIfAny(provider: string, payType: string): MerchantNode | undefined {
  const node = member(member(payConfig(), provider), payType)
  return isRow(node) ? node : undefined
}

/**
 * Where platforms report payments of this kind.
 *
 * @throws PayError 52002 when what is configured is no URL
 */
export function notifyUrl(spaceId: string, provider: string, payType: string): string {
  return `${notifyBase(spaceId)}/payNotify/${provider}-${payType}`
}

/** @throws PayError 52002 */
export function notifyBase(spaceId: string): string {
  const urls = isRow(payConfig().notifyUrl) ? (payConfig().notifyUrl as Row) : {}
  const other = spaceId.startsWith('mp-') ? spaceId.slice('mp-'.length) : `mp-${spaceId}`
  const name = [spaceId, other, 'default'].find((candidate) => Object.hasOwn(urls, candidate))
  const configured = name === undefined ? undefined : urls[name]
  const base = configured || ownAddress()
  if (typeof base !== 'string' || !base.startsWith('http')) throw new PayError(52002)
  return base
}

// internals

/** Of a space on this machine, whose platforms are simulated here as well (D15). */
function ownAddress(): string | undefined {
  const { $localUrl } = uniCloud as { $localUrl?: string }
  if (!$localUrl) return undefined
  const url = `${$localUrl}/uni-pay-co`
  if (!told.has(url)) {
    told.add(url)
    console.info(`uni-pay: config.js has no notifyUrl for this space, so platforms report to ${url}`)
  }
  return url
}

/** Addresses that this instance has spoken of. */
const told = new Set<string>()

function member(value: unknown, name: string): unknown {
  return isRow(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
