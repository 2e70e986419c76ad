/** Figures are for administrators, and for whoever may read them. */

interface Identity {
  errCode?: string | number
  role?: string[]
  permission?: string[]
}

/** @returns why not; undefined when the caller may */
export async function mayRead(context: CloudObjectContext): Promise<UniCloudGuest.Row | undefined> {
  const uniId = require('uni-id-common') as {
    createInstance(options: object): { checkToken(token?: string, options?: object): Promise<Identity> }
  }
  const instance = uniId.createInstance({ clientInfo: context.getClientInfo() })
  const identity = await instance.checkToken(context.getUniIdToken(), { autoRefresh: false })
  if (identity.errCode) return { ...identity }
  const { role = [], permission = [] } = identity
  if (role.includes('admin') || permission.includes('READ_UNI_STAT_PAY')) return undefined
  return { errCode: 50403, errMsg: '权限错误', errSubject: 'uni-stat' }
}
