/** Kinds of business that Huawei Pay asks for (spec/uni-pay.md §2.1). */
export const HuaweiPaymentBizType = {
  /** Virtual goods. */
  VIRTUAL: '100001',
  GOODS: '100002',
  PREPAID_ACCOUNT: '100003',
  TRAVEL: '100004',
  TICKET: '100005',
  BUSINESS: '100006',
  LIFE: '100007',
  RENT: '100008',
  MEMBERSHIP: '100009',
  OTHER_BUSINESS: '100011',
  /** Public services. */
  PUBLIC: '100037',
} as const
