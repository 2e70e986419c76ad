/**
 * The public module uni-id-common, for projects that have none: tokens of uni-id users, interchangeable with those of
 * the official module (spec/uni-id.md §1 to §4).
 *
 * ```js
 * const uniIdCommon = require('uni-id-common')
 *
 * const uniId = uniIdCommon.createInstance({ clientInfo: this.getClientInfo() })
 * const { errCode, uid, role, permission } = await uniId.checkToken(this.getUniIdToken())
 * ```
 *
 * `export =`, so that `require` gives the module itself with every loader.
 */
import { type ClientInfo, type FunctionContext, readClient } from './client.ts'
import { configFile } from './files.ts'
import type { UniIdFailure } from './messages.ts'
import { type CustomToken, type Identity, type NewToken, Session, type TokenResult } from './session.ts'

/**
 * An instance for one client.
 *
 * @throws TypeError with neither `context` nor `clientInfo`
 * @throws Error `Invalid uni-id config file` when the project has no uni-id configuration
 */
function createInstance(options: uniIdCommon.InstanceOptions): uniIdCommon.Instance {
  const session = new Session(readClient(options), options.config ?? configFile())
  // Plain functions, so that they may be taken off the instance.
  return {
    checkToken: (token, settings) => session.checkToken(token, settings),
    createToken: (content) => session.createToken(content),
    refreshToken: (request) => session.refreshToken(request),
    setInterceptor: (name, hook) => {
      if (name === 'customToken') session.setCustomToken(hook)
    },
    createInstance,
  }
}

const uniIdCommon = { createInstance }

namespace uniIdCommon {
  export interface InstanceOptions {
    /** In a cloud function: its context. */
    context?: FunctionContext | null
    /** In a cloud object: `this.getClientInfo()`. */
    clientInfo?: ClientInfo | null
    /** In place of uni-config-center/uni-id/config.json. */
    config?: object
  }

  /** Wrong tokens and accounts are answered with an `errCode`. Calls reject only when the configuration is wrong. */
  export interface Instance {
    /**
     * Who the token stands for. Reads no user while the token has more than `tokenExpiresThreshold` left, so a
     * logout or a ban shows only then.
     *
     * @param options.autoRefresh default true: a token about to expire is answered with a new one beside
     */
    checkToken(token: unknown, options?: { autoRefresh?: boolean }): Promise<Identity | UniIdFailure>
    /** Signs a user in: the token is added to the user's record. Whether the user may is the caller's business. */
    createToken(content: NewToken): Promise<TokenResult>
    /** A new token for one that still holds; the old one goes on holding. Roles and permissions are read anew. */
    refreshToken(request: { token: string }): Promise<TokenResult>
    /** Adds members to every token of this instance, in place of uni-id/custom-token.js. */
    setInterceptor(name: 'customToken', hook: CustomToken): void
    createInstance(options: InstanceOptions): Instance
  }
}

export = uniIdCommon
