/**
 * uni-upgrade-center: the update check of apps (spec/upgrade-center.md §4 to §6), reachable in three ways.
 *
 * - As an object: `importObject('uni-upgrade-center').checkVersion({ appid, appVersion, wgtVersion })`. Failures come
 *   in the response format (`errCode`, `errMsg`).
 * - As the official function of this name: `callFunction({ name, data: { action: 'checkVersion', … } })`. Such a call
 *   carries no method, and a cloud object of ours may export a private handler for those:
 *
 *   `_onCall(event)` gets the data of `callFunction`, or the integrated request of a URL without a method segment.
 *   `this` is the usual context, `this.getMethodName()` is `_onCall`, and `_before` and `_after` run around it. An
 *   object without it answers such calls with `METHOD_NOT_FOUND`, as in the cloud, where it does not exist.
 *
 *   What it returns here is, member for member, what the official function returns.
 * - By URL: `/uni-upgrade-center?action=checkVersion&…` as the official function, or `/uni-upgrade-center/checkVersion`
 *   as the object, with the parameters in the query or, for anything but a GET, in the JSON body.
 *
 * Publishing versions is the business of the admin pages; this object only answers apps.
 */
import { type AppPermission, checkAccess, type NewToken, permissionDenied, type Refusal } from './access.ts'
import { type CheckRequest, type CheckResult, decide, isComplete, onlineRows, platformOf } from './decide.ts'
import { bodyParameters, isHttpRequest, requestParameters } from './http-request.ts'
import { findApp, findOnlineVersions, replaceApp } from './tables.ts'

type Row = UniCloudGuest.Row
type Failure = Refusal & { errSubject: string; success: false }
type Changed = Row & { errCode: 0; newToken?: NewToken }

export default {
  /** A JSON body joins the query in the parameter object; the platform hands over the query only. */
  async _before(this: CloudObjectContext): Promise<void> {
    if (this.getMethodName() === '_onCall' || this.getClientInfo().source !== 'http') return
    const http = this.getHttpInfo()
    if (http.httpMethod === 'GET' || http.body === '') return
    const body = bodyParameters(http)
    if (!body) throw failure({ errCode: 'uni-upgrade-center-invalid-body', errMsg: '请求错误' })
    this.getParams()[0] = { ...http.queryStringParameters, ...body }
  },

  /**
   * Whether there is an update: `code` 101 (wgt) or 102 (whole package) with all fields of the version, 0 for none,
   * -101 when the app has nothing online on this platform, -102 for missing parameters. A negative code is an
   * answer, not an error of the call, so it carries no `errCode`.
   *
   * @param request.appVersion the native version
   * @param request.wgtVersion the version of the running resources
   */
  async checkVersion(this: CloudObjectContext, request: CheckRequest): Promise<CheckResult> {
    return await check(request ?? {}, this.getClientInfo().OS)
  },

  /** The record of an app: `{ success: true, …row }`, or `{ success: false }` when there is none. */
  async getAppInfo(parameters: { appid: string }): Promise<Row> {
    return await appInfo(parameters ?? {})
  },

  /** The newest native version online: `{ …row, success: true }`, or `{ success: false }` when there is none. */
  async getAppVersionInfo(parameters: { appid: string; platform: string }): Promise<Row> {
    return await appVersionInfo(parameters ?? {})
  },

  /**
   * Replaces an app's record; needs `UPDATE_OPENDB_APP_LIST` or the role admin.
   *
   * @param change.id `_id` of the record
   * @returns the database's result
   */
  async setNewAppData(
    this: CloudObjectContext,
    change: { id: string; value: Row },
  ): Promise<Changed | Failure> {
    return await changeAsObject(this, 'UPDATE_OPENDB_APP_LIST', change, setAppData)
  },

  /** Deletes files from storage; needs `DELETE_OPENDB_APP_VERSIONS` or the role admin. */
  async deleteFile(this: CloudObjectContext, change: { fileList: string[] }): Promise<Changed | Failure> {
    return await changeAsObject(this, 'DELETE_OPENDB_APP_VERSIONS', change, deleteFiles)
  },

  /** The official function: `event.action` says what to do; unknown actions are answered with `{}`. */
  async _onCall(this: CloudObjectContext, event: Row): Promise<Row> {
    const byUrl = isHttpRequest(event)
    const request = byUrl ? requestParameters(event) : event
    if (!request) return { code: 500, msg: '请求错误' }
    const parameters = (request.data ?? request.params ?? {}) as Row
    const token = request.uniIdToken ?? (byUrl ? undefined : this.getUniIdToken())
    switch (request.action) {
      case 'checkVersion':
        // By URL the official function never looks at who is asking: always Android (§6, D6).
        return await check(request, byUrl ? undefined : this.getClientInfo().OS)
      case 'getAppInfo':
        return await appInfo(parameters)
      case 'getAppVersionInfo':
        return await appVersionInfo(parameters)
      case 'setNewAppData':
        return await changeAsFunction(this, 'UPDATE_OPENDB_APP_LIST', token, parameters, setAppData)
      case 'deleteFile':
        return await changeAsFunction(this, 'DELETE_OPENDB_APP_VERSIONS', token, parameters, deleteFiles)
      default:
        return {}
    }
  },
}

// internals

/** A change of data: answers with the result, or throws a `Failure` for bad parameters. */
type Change = (parameters: Row) => Promise<Row>

async function check(request: CheckRequest, os: unknown): Promise<CheckResult> {
  const platform = platformOf(os)
  const rows = isComplete(request) ? await findOnlineVersions(request.appid, platform) : []
  return decide(request, platform, rows)
}

async function appInfo({ appid }: Row): Promise<Row> {
  const app = await findApp(appid)
  return app ? { success: true, ...app } : { success: false }
}

async function appVersionInfo({ appid, platform }: Row): Promise<Row> {
  const rows = await findOnlineVersions(appid, platform, { type: 'native_app' })
  const newest = onlineRows(rows, appid, String(platform))[0]
  return newest ? { ...newest, success: true } : { success: false }
}

async function setAppData({ id, value }: Row): Promise<Row> {
  if (typeof id !== 'string' || id === '') throw missing('id', 'the _id of the app record')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw missing('value', 'the new record, an object')
  }
  return await replaceApp(id, value as Row)
}

async function deleteFiles({ fileList }: Row): Promise<Row> {
  if (!Array.isArray(fileList)) throw missing('fileList', 'a list of file ids')
  return await uniCloud.deleteFile({ fileList: fileList.map(String) })
}

async function changeAsObject(
  context: CloudObjectContext,
  permission: AppPermission,
  change: unknown,
  apply: Change,
): Promise<Changed | Failure> {
  const parameters = (change ?? {}) as Row
  const token = context.getUniIdToken() || (parameters.uniIdToken as string | undefined)
  const access = await checkAccess(permission, token, context.getClientInfo(), { renew: true })
  if (!access.granted) return failure(access.refusal)
  const result: Changed = { ...(await apply(parameters)), errCode: 0 }
  return access.newToken ? { ...result, newToken: access.newToken } : result
}

/** The official shapes of a refusal: no code when a permission is missing, no text when the token is bad (§4). */
async function changeAsFunction(
  context: CloudObjectContext,
  permission: AppPermission,
  token: unknown,
  parameters: Row,
  apply: Change,
): Promise<Row> {
  const access = await checkAccess(permission, token as string | undefined, context.getClientInfo(), {
    renew: false,
  })
  if (access.granted) return await apply(parameters)
  const { errCode, errMsg, code } = access.refusal
  if (errCode === permissionDenied) return { errMsg, success: false }
  return code === undefined ? { errCode, errMsg, success: false } : { errCode, code, success: false }
}

function failure(refusal: Refusal): Failure {
  return { errSubject: 'uni-upgrade-center', ...refusal, success: false }
}

function missing(name: string, what: string): Failure {
  return failure({ errCode: 'uni-upgrade-center-param-required', errMsg: `缺少参数: ${name} (${what})` })
}
