/** `uniCloud.httpclient` of a test: answers what the test says, and keeps what was asked. */
import { afterEach, beforeEach, vi } from 'vitest'
import { signedAt } from './material.ts'

export interface FakeRequest {
  url: URL
  /** Path and query as they came. */
  path: string
  method: string
  headers: Record<string, string>
  body: string
  options: Record<string, unknown>
}

export interface FakeAnswer {
  status: number
  headers?: Record<string, string>
  data: unknown
}

export type Respond = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>

export class FakeClient {
  readonly requests: FakeRequest[] = []
  #respond: Respond = () => ({ status: 500, data: 'no answer prepared' })

  answers(respond: Respond): void {
    this.#respond = respond
  }

  /** The only request since the test began. */
  get request(): FakeRequest {
    const [first, ...others] = this.requests
    if (!first || others.length > 0) throw new Error(`${this.requests.length} requests were made`)
    return first
  }

  async send(url: string, options: Record<string, unknown> = {}): Promise<FakeAnswer> {
    const parsed = new URL(url)
    const request = {
      url: parsed,
      path: url.slice(parsed.origin.length),
      method: String(options.method),
      headers: Object.fromEntries(
        Object.entries((options.headers ?? {}) as Record<string, string>).map(([name, value]) => [
          name.toLowerCase(),
          value,
        ]),
      ),
      body: String(options.data ?? ''),
      options,
    }
    this.requests.push(request)
    return await this.#respond(request)
  }
}

/** For every test of the file: a new client, and the clock at the time of the vectors. */
export function useFakeClient(): { readonly client: FakeClient } {
  let client = new FakeClient()
  beforeEach(() => {
    client = new FakeClient()
    vi.stubGlobal('uniCloud', {
      httpclient: { request: (url: string, options?: Record<string, unknown>) => client.send(url, options) },
    })
    vi.useFakeTimers({ toFake: ['Date'], now: signedAt })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  return {
    get client() {
      return client
    },
  }
}

/** What the call rejects with, or throws. */
export async function failure(call: () => unknown): Promise<Record<string, unknown> & Error> {
  try {
    const value = await call()
    throw new Error(`answered ${JSON.stringify(value)}`)
  } catch (error) {
    return error as Record<string, unknown> & Error
  }
}
