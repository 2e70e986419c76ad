/** What an instance does: creates, checks and renews tokens on behalf of one client (spec/uni-id.md §2). */
import { checkStanding, findUser, type Rights, recordLogin, rightsOf, type UserRecord } from './accounts.ts'
import type { Client } from './client.ts'
import { configFor, type UniIdConfig } from './config.ts'
import { configError } from './config-error.ts'
import { customTokenFile } from './files.ts'
import { describe, Refusal, type UniIdFailure } from './messages.ts'
import { readToken, signToken, type TokenPayload } from './token.ts'

/** A new token for the client. */
export interface IssuedToken {
  token: string
  /** ms since 1970. */
  tokenExpired: number
}

export type TokenResult = ({ errCode: 0 } & IssuedToken) | UniIdFailure

/** What the token says, custom members included, and the new one when it was renewed. */
export type Identity = {
  code: 0
  errCode: 0
  uid: string
  role: string[]
  permission: string[]
  /** Seconds since 1970. */
  iat: number
  exp: number
  [custom: string]: unknown
} & Partial<IssuedToken>

/** Gets the content of a token to be; what it returns is signed, with version and times added. */
export type CustomToken = (content: { uid: string } & Rights) => object | Promise<object>

export interface NewToken {
  /** `_id` of the user. */
  uid: string
  /** Used only together with `permission`; else both are the user's own. */
  role?: string[]
  permission?: string[]
}

export class Session {
  readonly #client: Client
  readonly #file: object
  #config: UniIdConfig | undefined
  #customToken: { hook: unknown } | undefined

  /** @param file content of config.json */
  constructor(client: Client, file: object) {
    this.#client = client
    this.#file = file
  }

  setCustomToken(hook: CustomToken): void {
    this.#customToken = { hook }
  }

  async checkToken(token: unknown, { autoRefresh = true }: { autoRefresh?: boolean } = {}) {
    return await this.#answer<Identity>(async (config) => {
      const payload = this.#read(token, config)
      const identity = withoutVersion(payload)
      // Tokens of the older uni-id may lack both lists.
      const bare = payload.role === undefined && payload.permission === undefined
      const left = payload.exp * 1000 - Date.now()
      const renews = autoRefresh && left < config.tokenExpiresThreshold * 1000
      if (!bare && !renews) return identity
      const user = await standingUser(token as string, payload)
      const rights = await rightsOf(user)
      if (bare) Object.assign(identity, rights)
      return renews ? { ...identity, ...(await this.#issue(user, rights, config)) } : identity
    })
  }

  async createToken({ uid, role, permission }: Partial<NewToken> = {}) {
    return await this.#answer<TokenResult>(async (config) => {
      if (!uid) throw new Refusal('uni-id-param-required', { param: 'uid' })
      const user = await findUser(uid)
      const rights = role && permission ? { role, permission } : await rightsOf(user)
      return { errCode: 0, ...(await this.#issue(user, rights, config)) }
    })
  }

  async refreshToken({ token }: { token?: unknown } = {}) {
    return await this.#answer<TokenResult>(async (config) => {
      if (!token) throw new Refusal('uni-id-param-required', { param: 'token' })
      const user = await standingUser(token as string, this.#read(token, config))
      return { errCode: 0, ...(await this.#issue(user, await rightsOf(user), config)) }
    })
  }

  // internals

  async #answer<T>(work: (config: UniIdConfig) => Promise<T>): Promise<T | UniIdFailure> {
    try {
      return await work(this.#configured())
    } catch (error) {
      if (error instanceof Refusal) return describe(error, this.#client.locale)
      throw error
    }
  }

  /** Not in the constructor: creating an instance must not fail where nobody uses it. */
  #configured(): UniIdConfig {
    if (this.#config) return this.#config
    const config = configFor(this.#client, this.#file)
    const { tokenExpiresThreshold: threshold, tokenExpiresIn: lifetime } = config
    if (threshold > lifetime / 2) {
      console.warn(
        `uni-id: tokenExpiresThreshold ${threshold} is more than half of tokenExpiresIn ${lifetime}: tokens are renewed most of the time, each time with a write to the user's record`,
      )
    }
    this.#config = config
    return config
  }

  #read(token: unknown, { tokenSecret }: UniIdConfig): TokenPayload {
    const reading = readToken(token, tokenSecret, Date.now())
    if ('payload' in reading) return reading.payload
    throw new Refusal(reading.problem === 'expired' ? 'uni-id-token-expired' : 'uni-id-check-token-failed')
  }

  async #issue(user: UserRecord, rights: Rights, config: UniIdConfig): Promise<IssuedToken> {
    const content = await this.#content({ uid: user._id, ...rights })
    const now = Date.now()
    const iat = Math.floor(now / 1000)
    const payload = { ...content, uniIdVersion: tokenVersion, iat, exp: iat + config.tokenExpiresIn }
    const token = signToken(payload, config.tokenSecret)
    await recordLogin(user, token, { now, most: config.maxTokenLength, clientIP: this.#client.clientIP })
    return { token, tokenExpired: now + config.tokenExpiresIn * 1000 }
  }

  /** An interceptor takes the place of custom-token.js. */
  async #content(content: { uid: string } & Rights): Promise<object> {
    this.#customToken ??= { hook: customTokenFile() }
    const { hook } = this.#customToken
    if (hook === undefined) return content
    if (typeof hook !== 'function') {
      throw configError(
        'Invalid custom token file',
        'uni-id/custom-token.js must export a function, and what it requires must be installed',
      )
    }
    const custom: unknown = await (hook as CustomToken)(content)
    if ((custom as { uid?: unknown } | null | undefined)?.uid) return custom as object
    throw configError(
      'Invalid custom token: it has no uid',
      'custom-token.js must return the object it was given, with its members and more',
    )
  }
}

// internals

/**
 * Not our own version: modules tell by it what a token can do, and those before 1.0.10 count as not kept in the
 * user's record. This is the version whose behaviour ours is.
 */
const tokenVersion = '1.0.19'

async function standingUser(token: string, payload: TokenPayload): Promise<UserRecord> {
  const user = await findUser(payload.uid)
  checkStanding(user, token, payload)
  return user
}

function withoutVersion({ uniIdVersion: _, ...payload }: TokenPayload): Identity {
  return { code: 0, errCode: 0, ...payload } as Identity
}
