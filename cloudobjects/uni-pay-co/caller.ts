/** Who calls, and what of it can be believed (spec/uni-pay.md §3.1). */
import { type AccessRule, accessRule } from './config/permission.ts'
import { PayError } from './pay-error.ts'

type Row = UniCloudGuest.Row

/** `this` of a method, after `_before`. */
export interface PayContext extends CloudObjectContext {
  caller: Caller
}

export interface Caller {
  clientInfo: UniCloudGuest.ClientInfo
  cloudInfo: UniCloudGuest.CloudInfo
  /** `app`, `web`, `mp-weixin`, … */
  platform: string
  userAgent: string
  locale: string
  /** Signed-in user; undefined for anybody else, also with a token that does not hold. */
  identify(): Promise<Identity | undefined>
}

export interface Identity {
  uid: string
  role: string[]
  permission: string[]
}

/** @throws the failure of uni-id, or PayError 50403, when a rule of the method is not met */
export async function enter(context: CloudObjectContext): Promise<Caller> {
  const [first] = context.getParams()
  const given = context.getClientInfo().source !== 'http' && isRow(first) ? first : {}
  const clientInfo = clientOf(context, given)
  const token = tokenOf(context, given)
  const checked = once(() => check(clientInfo, token))
  const rule = accessRule(context.getMethodName())
  if (rule) await checkRule(rule, await checked())
  return {
    clientInfo,
    cloudInfo: context.getCloudInfo(),
    platform: platformOf(clientInfo),
    userAgent: String(clientInfo.userAgent || clientInfo.ua || ''),
    locale: localeOf(clientInfo),
    // A token that does not hold must not keep anybody from paying.
    identify: async () => (token ? identityOf(await checked().catch(() => undefined)) : undefined),
  }
}

/** For texts, also of calls that `_before` refused. */
export function localeOf({ locale }: UniCloudGuest.ClientInfo): string {
  return typeof locale === 'string' && locale !== '' ? locale : 'zh-Hans'
}

// internals

/** Cloud code calls on behalf of a client and says which; what the platform vouches for stays as it is. */
function clientOf(context: CloudObjectContext, given: Row): UniCloudGuest.ClientInfo {
  const own = context.getClientInfo()
  if (!isRow(given.clientInfo)) return own
  const { source, requestId, clientIP, userAgent } = own
  const vouched = source === 'client' ? { source, requestId, clientIP, userAgent } : { source, requestId }
  return { clientIP, userAgent, ...given.clientInfo, ...vouched }
}

function tokenOf(context: CloudObjectContext, given: Row): string | undefined {
  const candidates = [context.getUniIdToken(), given.uniIdToken, given.uni_id_token]
  return candidates.find((token): token is string => typeof token === 'string' && token !== '')
}

function platformOf({ platform, uniPlatform }: UniCloudGuest.ClientInfo): string {
  const name = String(platform || uniPlatform || '')
  if (name === 'h5') return 'web'
  return name === 'app-plus' ? 'app' : name
}

/** What uni-id-common answers (spec/uni-id.md §2). */
interface TokenCheck extends Partial<Identity> {
  errCode?: string | number
  errMsg?: string
}

async function check(clientInfo: UniCloudGuest.ClientInfo, token: string | undefined): Promise<TokenCheck> {
  const uniId = require('uni-id-common') as {
    createInstance(options: object): {
      checkToken(token: string | undefined, options: object): Promise<TokenCheck>
    }
  }
  return await uniId.createInstance({ clientInfo }).checkToken(token, { autoRefresh: false })
}

/** The published code asks for any of the roles and any of the permissions when both are listed. */
async function checkRule({ auth, role, permission }: AccessRule, checked: TokenCheck): Promise<void> {
  if (role?.length === 0) throw new Error('[AccessControl]Empty role array is not supported')
  if (permission?.length === 0) throw new Error('[AccessControl]Empty permission array is not supported')
  if (!auth && !role && !permission) return
  const identity = identityOf(checked)
  if (!identity) throw checked
  if (identity.role.includes('admin')) return
  const meets = (wanted: string[] | undefined, held: string[]): boolean =>
    !wanted || wanted.some((name) => held.includes(name))
  if (!meets(role, identity.role) || !meets(permission, identity.permission)) throw new PayError(50403)
}

function identityOf(checked: TokenCheck | undefined): Identity | undefined {
  if (!checked || checked.errCode || !checked.uid) return undefined
  return { uid: checked.uid, role: checked.role ?? [], permission: checked.permission ?? [] }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
