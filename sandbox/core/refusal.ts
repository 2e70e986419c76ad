/** Why the ledger does not do what was asked. Each platform says it with a code of its own. */

export type RefusalReason =
  /** No such order. */
  | 'unknown'
  | 'paid'
  | 'closed'
  | 'unpaid'
  /** The number is taken by an order with other data. */
  | 'different'
  /** Somebody else's order. */
  | 'wrongPayer'
  /** More than is left of the payment. */
  | 'tooMuch'
  /** The total named in a refund is not the order's. */
  | 'wrongTotal'
  /** The refund number is taken by a refund with other data. */
  | 'refundDifferent'
  | 'tooManyRefunds'
  | 'tooLate'
  /** Less than the platform's pause after the refund before. */
  | 'tooSoon'
  | 'noBalance'
  /** The refund cannot change any more. */
  | 'settled'

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: RefusalReason

  /** @param message what stands against it, for people */
  constructor(reason: RefusalReason, message: string) {
    super(message)
    this.reason = reason
  }
}
