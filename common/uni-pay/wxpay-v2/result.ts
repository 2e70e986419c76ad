/** Answers of V2 in our names: amounts and counts are numbers, numbered fields are lists (spec/uni-pay.md §2.3). */
import { camelCased, type Fields } from '../naming.ts'
import type { Merchant } from './merchant.ts'

/**
 * @param list name of the list that numbered fields (`coupon_id_0`) go into
 * @param call for `errMsg`, which says `payment.<call> ok`
 */
export function resultOf(
  answer: Record<string, string>,
  list?: 'couponList' | 'refundList',
  call?: string,
): Fields {
  const { plain, items } = numbered(answer)
  const { appid, sign, ...fields } = plain
  return {
    ...named(fields),
    appId: appid,
    ...(list === undefined
      ? {}
      : { [list]: list === 'refundList' ? items.map(refundOf) : items.map(plainOf) }),
    ...(call === undefined ? {} : { errMsg: `payment.${call} ${(fields.return_msg || 'ok').toLowerCase()}` }),
  }
}

/** What WeChat signs and encrypts is for us (D12). */
export function isForMerchant(
  message: Record<string, string>,
  { appId, mchId, subMchId }: Pick<Merchant, 'appId' | 'mchId' | 'subMchId'>,
): 'appId' | 'mchId' | undefined {
  if (message.appid !== appId) return 'appId'
  if (message.mch_id !== mchId || (subMchId && (message.sub_mch_id ?? subMchId) !== subMchId)) return 'mchId'
  return undefined
}

// internals

interface Item {
  plain: Record<string, string>
  items: Item[]
}

/** `a_0` and `a_0_1`: members of the first item, and of the second item in it. */
function numbered(fields: Record<string, string>): Item {
  const whole: Item = { plain: {}, items: [] }
  for (const [key, value] of Object.entries(fields)) {
    const [, name = key, first, second] = /^(.*?)_(\d{1,3})(?:_(\d{1,3}))?$/.exec(key) ?? []
    const outer = first === undefined ? whole : itemAt(whole, Number(first))
    const item = second === undefined ? outer : itemAt(outer, Number(second))
    item.plain[name] = value
  }
  return whole
}

function itemAt({ items }: Item, index: number): Item {
  while (items.length <= index) items.push({ plain: {}, items: [] })
  return items[index]!
}

function plainOf({ plain }: Item): Fields {
  return named(plain)
}

function refundOf({ plain, items }: Item): Fields {
  const couponRefundCount = Number(plain.coupon_refund_count ?? 0)
  return { ...named(plain), couponRefundCount, couponList: items.map(plainOf) }
}

function named(fields: Record<string, string>): Fields {
  const values = Object.entries(fields).map(([key, value]) => [
    key,
    /(?:_fee|_count)$/.test(key) && /^\d{1,15}$/.test(value) ? Number(value) : value,
  ])
  return camelCased(Object.fromEntries(values)) as Fields
}
