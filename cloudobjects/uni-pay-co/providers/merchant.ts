/** A merchant of the configuration, ready to talk to its platform through uni-pay. */
import { type MerchantNode, merchantNode } from '../config/config.ts'
import { accessToken } from './access-token.ts'

type Row = UniCloudGuest.Row
type Client = Record<string, ((...params: unknown[]) => unknown) | undefined>
type UniPay = Record<string, ((options: Row) => Client) | undefined>

export interface MerchantOptions {
  provider: string
  payType: string
  /** Of the client: decides how some platforms answer. */
  clientType?: string
  /** Nothing will be asked of the platform: a notification is checked, an order signed. */
  offline?: boolean
  /** In place of what the configuration says. */
  overrides?: Row
}

export class Merchant {
  readonly provider: string
  readonly payType: string
  readonly node: MerchantNode
  readonly #options: MerchantOptions
  #client: Client

  private constructor(options: MerchantOptions, node: MerchantNode, client: Client) {
    this.provider = options.provider
    this.payType = options.payType
    this.node = node
    this.#options = options
    this.#client = client
  }

  /** @throws Error when it is not configured, or not usable */
  static async open(options: MerchantOptions): Promise<Merchant> {
    const { provider, payType } = options
    if (!Object.hasOwn(inits, provider)) throw new Error(`${provider} : 不支持的支付方式`)
    const node = merchantNode(provider, payType)
    return new Merchant(options, node, await clientOf(options, node))
  }

  /** Methods differ between platforms (spec/uni-pay.md §2.3). */
  has(method: string): boolean {
    return typeof this.#client[method] === 'function'
  }

  /**
   * Calls a method of uni-pay.
   *
   * @throws what uni-pay throws, after one try with a new access token where that was the trouble
   */
  async call(method: string, ...params: unknown[]): Promise<Row> {
    try {
      return (await this.#client[method]?.(...params)) as Row
    } catch (error) {
      const { errCode } = error as { errCode?: unknown }
      if (this.provider !== 'wxpay-virtual' || !expiredToken.includes(errCode)) throw error
      this.#client = await clientOf(this.#options, this.node, true)
      return (await this.#client[method]?.(...params)) as Row
    }
  }
}

// internals

/** WeChat: the token is invalid, or has run out. */
const expiredToken: readonly unknown[] = [40001, 42001]

const inits: Record<string, (node: MerchantNode) => string> = {
  wxpay: ({ version }) => (version === 3 ? 'initWeixinV3' : 'initWeixin'),
  alipay: () => 'initAlipay',
  appleiap: () => 'initAppleIapPayment',
  'wxpay-virtual': () => 'initWeixinVirtualPayment',
  huawei: () => 'initHuawei',
}

async function clientOf(options: MerchantOptions, node: MerchantNode, renewToken = false): Promise<Client> {
  const { provider, payType, clientType, offline, overrides } = options
  const name = inits[provider]?.(node) ?? ''
  const init = (require('uni-pay') as UniPay)[name]
  if (!init) throw new Error(`${provider} : 不支持的支付方式: this uni-pay has no ${name}`)
  const token = provider === 'wxpay-virtual' ? await tokenFor(node, offline === true, renewToken) : undefined
  try {
    return init({
      ...(clientType ? { clientType } : {}),
      ...node,
      ...overrides,
      ...(token === undefined ? {} : { accessToken: token }),
    })
  } catch (error) {
    throw new Error(`uni-pay ${provider}.${payType}: ${(error as Error).message}`, { cause: error })
  }
}

/** uni-pay asks for a token even where it has no use for it. */
async function tokenFor(node: MerchantNode, offline: boolean, renew: boolean): Promise<string> {
  return offline ? 'none' : await accessToken(node, renew)
}
