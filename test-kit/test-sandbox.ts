/** The payment sandbox as a test uses it: pays, refunds and breaks what its functions ordered. */
import { LocalError } from '../errors/errors.ts'
import { MOUNT } from '../sandbox/hosts.ts'

/** An order as the platform has it (docs/payments.md). Amounts in fen. */
export interface SandboxOrder {
  id: string
  provider: string
  status: string
  out_trade_no: string
  transaction_id: string | null
  total_fee: number
  paid_fee: number
  refunded_fee: number
  openid: string | null
  notifications: SandboxNotification[]
  [member: string]: unknown
}

export interface SandboxNotification {
  id: string
  kind: string
  url: string
  /** `accepted` once it was acknowledged. */
  state: string
  attempts: { status: number | null; answer: string | null; verdict: string; [member: string]: unknown }[]
  [member: string]: unknown
}

type Request = (path: string, init?: RequestInit) => Promise<Response>

export class TestSandbox {
  readonly #request: Request

  constructor(request: Request) {
    this.#request = request
  }

  /**
   * Pays an order and waits until its notification was delivered.
   * @param outTradeNo the merchant's number, or the platform's
   * @param how `client`: what the app was handed, checked as the platform's app does; `amount` in fen
   */
  pay(
    outTradeNo: string,
    how: { client?: unknown; payer?: string; amount?: number } = {},
  ): Promise<SandboxOrder> {
    return this.control('POST', `/orders/${outTradeNo}/pay`, how)
  }

  order(outTradeNo: string): Promise<SandboxOrder> {
    return this.control('GET', `/orders/${outTradeNo}`)
  }

  /** Of one order, or all; the newest first. */
  notifications(outTradeNo?: string): Promise<SandboxNotification[]> {
    const query = outTradeNo === undefined ? '' : `?out_trade_no=${outTradeNo}`
    return this.control('GET', `/notifications${query}`)
  }

  /** Sends a notification now, again or for the first time. */
  deliver(id: string, times = 1): Promise<SandboxNotification> {
    return this.control('POST', `/notifications/${id}/deliver`, { times })
  }

  /**
   * The next calls or notifications that match go wrong.
   * @param kind such as `notify.lost`; `unicloud-local sandbox fault --list` names all
   */
  async fault(
    kind: string,
    how: {
      times?: number
      args?: Record<string, unknown>
      match?: { provider?: string; api?: string; out_trade_no?: string }
    } = {},
  ): Promise<void> {
    await this.control('POST', '/faults', { fault: kind, ...how })
  }

  /** Moves the platforms' time, not the space's: retries, expiry and settlements on the way happen. @param by `15s`, `2h` */
  async advance(by: string | number): Promise<void> {
    await this.control('POST', '/clock', { advance: by })
  }

  /**
   * Any other call of the control API.
   * @param path below `/_unicloud/sandbox`
   * @throws LocalError USAGE with what the sandbox answered
   */
  async control<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#request(`${MOUNT}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text) as T
    throw new LocalError('USAGE', `sandbox: ${method} ${path} was answered ${response.status}: ${text}`)
  }
}
