/** Users' coins: what they bought, were given and spent (payment-platforms.md §8.3). */
import type { DocumentStore } from '../core/document-store.ts'
import type { JsonObject } from '../core/json.ts'
import { WechatApiError } from './errors.ts'

export interface CoinAccount {
  id: string
  /** Bought coins. */
  balance: number
  /** Given ones; they are spent first. */
  present: number
  sumBought: number
  sumPresent: number
  sumSpent: number
  /** Order number -> what happened under it. */
  moves: Record<string, { kind: 'pay' | 'present'; amount: number; fromPresent: number; cancelled: number }>
}

const KIND = 'coins'

export class Coins {
  readonly #store: DocumentStore
  readonly #accounts = new Map<string, CoinAccount>()

  constructor(store: DocumentStore) {
    this.#store = store
  }

  async load(): Promise<void> {
    for (const account of await this.#store.load<CoinAccount>(KIND, ['id']))
      this.#accounts.set(account.id, account)
  }

  async clear(): Promise<void> {
    this.#accounts.clear()
    await this.#store.clear([KIND])
  }

  /** @param env 0 live, 1 sandbox: two purses */
  account(openid: string, env: number): CoinAccount {
    const id = `${env}_${openid}`
    const found = this.#accounts.get(id)
    if (found) return found
    const account = { id, balance: 0, present: 0, sumBought: 0, sumPresent: 0, sumSpent: 0, moves: {} }
    this.#accounts.set(id, account)
    return account
  }

  bought(account: CoinAccount, amount: number): void {
    account.balance += amount
    account.sumBought += amount
    this.#save(account)
  }

  /** @returns how many given coins were used @throws WechatApiError 268490004, 268490006 */
  pay(account: CoinAccount, orderId: string, amount: number): number {
    if (account.moves[orderId]) throw new WechatApiError(268490004)
    if (amount > account.balance + account.present) throw new WechatApiError(268490006)
    const fromPresent = Math.min(amount, account.present)
    account.present -= fromPresent
    account.balance -= amount - fromPresent
    account.sumSpent += amount
    account.moves[orderId] = { kind: 'pay', amount, fromPresent, cancelled: 0 }
    this.#save(account)
    return fromPresent
  }

  /** @throws WechatApiError 268490002 for an unknown payment, 268490006 for more than was paid */
  cancel(account: CoinAccount, payOrderId: string, amount: number): void {
    const move = account.moves[payOrderId]
    if (move?.kind !== 'pay') throw new WechatApiError(268490002)
    if (move.cancelled + amount > move.amount) throw new WechatApiError(268490006)
    move.cancelled += amount
    account.balance += amount
    account.sumSpent -= amount
    this.#save(account)
  }

  /** @throws WechatApiError 268490004 when it was given under this number already */
  give(account: CoinAccount, orderId: string, amount: number): void {
    if (account.moves[orderId]) throw new WechatApiError(268490004)
    account.present += amount
    account.sumPresent += amount
    account.moves[orderId] = { kind: 'present', amount, fromPresent: 0, cancelled: 0 }
    this.#save(account)
  }

  // internals

  #save(account: CoinAccount): void {
    this.#store.put(KIND, account.id, account)
  }
}

export function balanceOf(account: CoinAccount): JsonObject {
  return {
    balance: account.balance + account.present,
    present_balance: account.present,
    sum_save: account.sumBought,
    sum_present: account.sumPresent,
    sum_balance: account.sumBought + account.sumPresent,
    sum_cost: account.sumSpent,
    first_save_flag: account.sumBought === 0,
  }
}
