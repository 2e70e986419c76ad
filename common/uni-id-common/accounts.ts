/** The tables behind tokens: users with their roles, and what the roles permit (spec/uni-id.md §1, §2, §6). */
import { Refusal, type UniIdErrorCode } from './messages.ts'
import { peekToken, type TokenPayload } from './token.ts'

export interface UserRecord {
  _id: string
  role?: string[] | string | null
  status?: number | null
  /** Tokens in force, oldest first. */
  token?: string[] | null
  /** ms; tokens made before are void. */
  valid_token_date?: number | null
}

export interface Rights {
  role: string[]
  permission: string[]
}

/** @throws Refusal when there is no such user, or the account may not sign in */
export async function findUser(uid: unknown): Promise<UserRecord> {
  const known = typeof uid === 'string' || typeof uid === 'number'
  const { data } = known ? await table('uni-id-users').doc(uid).get() : { data: [] }
  const user = data[0] as UserRecord | undefined
  if (!user) throw new Refusal('uni-id-account-not-exists')
  const problem = statusProblems[Number(user.status)]
  if (problem) throw new Refusal(problem)
  return user
}

/**
 * Whether the user still stands by a token that is genuine.
 *
 * @throws Refusal after a logout, or a change of the password
 */
export function checkStanding(user: UserRecord, token: string, payload: TokenPayload): void {
  if (isKeptInRecord(payload.uniIdVersion) && !tokensOf(user).includes(token)) {
    throw new Refusal('uni-id-check-token-failed')
  }
  if (isVoid(payload, user)) throw new Refusal('uni-id-token-expired')
}

/** The user's roles and the union of their permissions; an administrator has all permissions, so none are listed. */
export async function rightsOf(user: UserRecord): Promise<Rights> {
  const role = typeof user.role === 'string' ? [user.role] : (user.role ?? [])
  if (role.length === 0 || role.includes('admin')) return { role, permission: [] }
  const { data } = await table('uni-id-roles')
    .where({ role_id: uniCloud.database().command.in!(role) })
    .limit(1000)
    .get()
  const lists = data.map(({ permission }) => (Array.isArray(permission) ? (permission as string[]) : []))
  return { role, permission: [...new Set(lists.flat())] }
}

/**
 * Adds a token to the user's record and drops those that no longer hold.
 *
 * @param now ms
 * @param most number of tokens to keep; the newest stay
 */
export async function recordLogin(
  user: UserRecord,
  token: string,
  { now, most, clientIP }: { now: number; most: number; clientIP: string | undefined },
): Promise<void> {
  const tokens = [...tokensOf(user).filter((old) => !isSpent(old, user, now)), token]
  await table('uni-id-users')
    .doc(user._id)
    .update({
      ...(clientIP === undefined ? {} : { last_login_ip: clientIP }),
      last_login_date: now,
      token: most > 0 ? tokens.slice(-most) : [],
    })
}

// internals

const statusProblems: Readonly<Record<number, UniIdErrorCode>> = {
  1: 'uni-id-account-banned',
  2: 'uni-id-account-auditing',
  3: 'uni-id-account-audit-failed',
  4: 'uni-id-account-closed',
}

function table(name: string): UniCloudGuest.Collection {
  return uniCloud.database().collection(name)
}

function tokensOf(user: UserRecord): string[] {
  return Array.isArray(user.token) ? user.token : []
}

function isVoid({ iat }: Partial<TokenPayload>, { valid_token_date }: UserRecord): boolean {
  return Boolean(valid_token_date && iat !== undefined && valid_token_date > iat * 1000)
}

function isSpent(token: string, user: UserRecord, now: number): boolean {
  const payload = peekToken(String(token))
  if (!payload) return false
  return (payload.exp !== undefined && payload.exp * 1000 < now) || isVoid(payload, user)
}

/** Modules before 1.0.10, and the older uni-id, did not write their tokens into the record. */
function isKeptInRecord(version: unknown): boolean {
  const [major = 0, minor = 0, patch = 0] = String(version ?? '0')
    .split('.')
    .map((part) => Number.parseInt(part, 10) || 0)
  return major > 1 || (major === 1 && (minor > 0 || patch >= 10))
}
