/** Orders, and how they are found: by our number, the merchant's, the platform's, by cashier and prepaid session. */
import type { Order, Provider, Refund } from './order.ts'

export class OrderBook {
  readonly #orders = new Map<string, Order>()
  readonly #byNumber = new Map<string, Order>()
  #serial = 0

  /** Newest first. */
  orders(): Order[] {
    return [...this.#orders.values()].sort((a, b) => b.serial - a.serial)
  }

  get(id: string): Order | undefined {
    return this.#orders.get(id)
  }

  /** @param which the merchant's number, or the platform's, or both (then both must fit) */
  find(
    provider: Provider,
    merchantId: string,
    which: { outTradeNo?: string | undefined; transactionId?: string | undefined },
  ): Order | undefined {
    const { outTradeNo, transactionId } = which
    if (outTradeNo) {
      const order = this.#byNumber.get(numberKey(provider, merchantId, outTradeNo))
      return transactionId && order?.transactionId !== transactionId ? undefined : order
    }
    if (!transactionId) return undefined
    return this.#first(
      (order) =>
        order.provider === provider &&
        order.merchantId === merchantId &&
        order.transactionId === transactionId,
    )
  }

  byToken(token: string): Order | undefined {
    return this.#first((order) => order.token === token)
  }

  byPrepaid(id: string): Order | undefined {
    return this.#first((order) => order.prepaid.some((session) => session.id === id))
  }

  findRefund(
    provider: Provider,
    merchantId: string,
    fits: (refund: Refund) => boolean,
  ): { order: Order; refund: Refund } | undefined {
    for (const order of this.#orders.values()) {
      if (order.provider !== provider || order.merchantId !== merchantId) continue
      const refund = order.refunds.find(fits)
      if (refund) return { order, refund }
    }
    return undefined
  }

  // for the ledger

  protected entries(): Iterable<Order> {
    return this.#orders.values()
  }

  protected nextSerial(): number {
    return this.#serial + 1
  }

  protected enter(order: Order): void {
    this.#serial = Math.max(this.#serial, order.serial)
    this.#orders.set(order.id, order)
    this.#byNumber.set(numberKey(order.provider, order.merchantId, order.outTradeNo), order)
  }

  protected forget(): void {
    this.#orders.clear()
    this.#byNumber.clear()
  }

  // internals

  #first(fits: (order: Order) => boolean): Order | undefined {
    for (const order of this.#orders.values()) if (fits(order)) return order
    return undefined
  }
}

// internals

function numberKey(provider: Provider, merchantId: string, outTradeNo: string): string {
  return `${provider} ${merchantId} ${outTradeNo}`
}
