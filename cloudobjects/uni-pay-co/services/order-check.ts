/** What createOrder is given, checked in the published order: the first thing wrong is what is answered. */
import type { Caller } from '../caller.ts'
import type { ErrorCode } from '../messages/zh-hans.ts'
import { PayError } from '../pay-error.ts'
import { isCallbackName } from '../payments/callback.ts'

type Row = UniCloudGuest.Row

/** As the client sends it; nothing of it can be trusted. */
export interface CreateOrderParams {
  provider?: unknown
  /** fen */
  total_fee?: unknown
  order_no?: unknown
  out_trade_no?: unknown
  description?: unknown
  /** Names the callback. */
  type?: unknown
  qr_code?: unknown
  openid?: unknown
  /** Kept with the order, for the callback. */
  custom?: unknown
  /** Further parameters of the platform. */
  other?: unknown
  wxpay_virtual?: unknown
  apple_virtual?: unknown
  clientInfo?: unknown
  cloudInfo?: unknown
}

export interface CheckedOrder {
  provider: string
  /** fen */
  totalFee: number
  orderNo: string
  description: string
  type: string
  qrCode: boolean
  openid: string | undefined
  custom: unknown
  other: Row
  /** Of virtual payment, and of the App Store. */
  goods: VirtualGoods | undefined
}

export interface VirtualGoods {
  mode: string | undefined
  quantity: number
  productId: string | undefined
  /** Of one, fen. */
  price: number | undefined
}

/** @throws PayError 51003 to 51013 */
export function checkOrder(params: CreateOrderParams, { clientInfo, cloudInfo }: Caller): CheckedOrder {
  const { provider, order_no, description, type, openid } = params
  need(isText(order_no), 51003)
  need(isCallbackName(type), 51004)
  const goods = goodsOf(params)
  const totalFee = goods ? goodsFee(goods, params.total_fee) : params.total_fee
  need(isFee(totalFee), 51005)
  need(isText(description), 51006)
  need(isText(provider), 51007)
  need(isRow(clientInfo), 51008)
  need(isRow(cloudInfo), 51009)
  const qrCode = params.qr_code === true
  return {
    provider: provider as string,
    totalFee: totalFee as number,
    orderNo: order_no as string,
    description: description as string,
    type: type as string,
    qrCode,
    // Who will scan the code is not known yet.
    openid: isText(openid) && !qrCode ? (openid as string) : undefined,
    custom: params.custom,
    other: isRow(params.other) ? params.other : {},
    goods,
  }
}

// internals

function goodsOf(params: CreateOrderParams): VirtualGoods | undefined {
  const { provider, wxpay_virtual, apple_virtual } = params
  if (provider === 'wxpay-virtual') {
    need(isRow(wxpay_virtual), 51011)
    return virtualGoods(wxpay_virtual as Row)
  }
  if (provider !== 'appleiap') return undefined
  need(isRow(apple_virtual), 51013)
  return virtualGoods(apple_virtual as Row)
}

function virtualGoods({ mode, buy_quantity, product_id, goods_price }: Row): VirtualGoods {
  need(isFee(buy_quantity), 51012)
  return {
    mode: isText(mode) ? (mode as string) : undefined,
    quantity: buy_quantity as number,
    productId: isText(product_id) ? (product_id as string) : undefined,
    price: isFee(goods_price) ? (goods_price as number) : undefined,
  }
}

/** Coins are priced by the rate of the configuration, later: 1 stands for it. */
function goodsFee({ mode, quantity, price }: VirtualGoods, given: unknown): unknown {
  if (mode === 'short_series_coin') return 1
  return price === undefined ? given : price * quantity
}

function need(met: boolean, code: ErrorCode): void {
  if (!met) throw new PayError(code)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isFee(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
