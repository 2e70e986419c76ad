/** What a verified notification or a query says of a payment, the same for all platforms. */

type Row = UniCloudGuest.Row

export function isPaid({ resultCode, tradeState }: Row): boolean {
  // Alipay's resultCode is the trade's state; WeChat's queries have one of the call, and the state beside it (D19).
  const state = tradeState ?? resultCode
  return state === 'SUCCESS' || state === 'FINISHED'
}

/** fen; undefined when the platform names no amount. */
export function amountsOf(provider: string, result: Row): number[] | undefined {
  const total = Number(result.totalFee)
  if (provider !== 'wxpay-virtual') return [total]
  // Whether a price is that of one or of all, WeChat does not say (D20).
  const { origPrice } = memberOf(result, 'goodsInfo') ?? memberOf(result, 'coinInfo') ?? {}
  return origPrice === undefined ? [total] : [total, Number(origPrice)]
}

/** Texts as they are, numbers as text, anything else as an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

// internals

function memberOf(result: Row, name: string): Row | undefined {
  const value = result[name]
  return typeof value === 'object' && value !== null ? (value as Row) : undefined
}
