/** Who may change things: the token's permissions, by the project's own uni-id-common (spec/upgrade-center.md §3). */

export type AppPermission = 'UPDATE_OPENDB_APP_LIST' | 'DELETE_OPENDB_APP_VERSIONS'

export interface NewToken {
  token: string
  tokenExpired: number
}

/** Why a call is refused, as uniCloud's response format has it. */
export interface Refusal {
  errCode: string
  errMsg: string
  /** The number of older uni-id versions, of token errors only. */
  code?: number
}

export type Access = { granted: true; newToken?: NewToken } | { granted: false; refusal: Refusal }

export const permissionDenied = 'uni-upgrade-center-permission-denied'

/**
 * @param token may be absent: uni-id then says what it says of a bad one
 * @param options.renew lets uni-id hand out a new token when this one is about to expire
 * @throws Error when uni-id is not configured
 */
export async function checkAccess(
  permission: AppPermission,
  token: string | undefined,
  clientInfo: UniCloudGuest.ClientInfo,
  options: { renew: boolean },
): Promise<Access> {
  const uniId = loadUniId()
  if (!uniId) return { granted: false, refusal: uniIdMissing }
  const identity = await uniId
    .createInstance({ clientInfo })
    .checkToken(token, { autoRefresh: options.renew })
  if (identity.errCode) {
    const { errCode, errMsg = '', code } = identity
    return { granted: false, refusal: { errCode, errMsg, ...(code === undefined ? {} : { code }) } }
  }
  const { role = [], permission: held = [], token: renewed, tokenExpired = 0 } = identity
  if (!role.includes('admin') && !held.includes(permission)) {
    return { granted: false, refusal: { errCode: permissionDenied, errMsg: '权限不足' } }
  }
  return renewed ? { granted: true, newToken: { token: renewed, tokenExpired } } : { granted: true }
}

// internals

const uniIdMissing: Refusal = {
  errCode: 'uni-upgrade-center-uni-id-missing',
  errMsg:
    'this call needs a signed-in user, and the project has no uni-id-common to check the token with: ' +
    'add the public module uni-id-common and uni-config-center/uni-id/config.json',
}

/** The part of uni-id-common that is used here (spec/uni-id.md §2). */
interface UniId {
  createInstance(options: { clientInfo: UniCloudGuest.ClientInfo }): {
    checkToken(
      token: string | undefined,
      options: { autoRefresh: boolean },
    ): Promise<{
      errCode?: string
      errMsg?: string
      code?: number
      role?: string[]
      permission?: string[]
      token?: string
      tokenExpired?: number
    }>
  }
}

/** Loaded when first needed: a check of versions must work in a project without uni-id. */
function loadUniId(): UniId | undefined {
  try {
    require.resolve('uni-id-common')
  } catch {
    return undefined
  }
  return require('uni-id-common') as UniId
}
