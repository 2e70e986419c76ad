/** Whether there is an update, and which: the decision of spec/upgrade-center.md §5, without any input or output. */
import { compareVersions } from './compare-versions.ts'

export type Platform = 'Android' | 'iOS' | 'Harmony'

/** A row of `opendb-app-versions`; old rows may hold a plain string as platform. */
export interface VersionRow {
  appid?: unknown
  platform?: unknown
  type?: unknown
  version?: unknown
  min_uni_version?: unknown
  stable_publish?: unknown
  create_date?: unknown
  [field: string]: unknown
}

/** What the app says of itself: `appVersion` is the native version, `wgtVersion` that of its running resources. */
export interface CheckRequest {
  appid?: unknown
  appVersion?: unknown
  wgtVersion?: unknown
  is_uniapp_x?: unknown
}

/** 101 and 102 carry all fields of the row, which win over `code` and `message`. */
export interface CheckResult {
  code: number
  message: string
  [field: string]: unknown
}

/** Exact lower case; whatever is not known counts as Android. */
export function platformOf(os: unknown): Platform {
  if (os === 'ios') return 'iOS'
  if (os === 'harmonyos') return 'Harmony'
  return 'Android'
}

/** Whether a check is worth a look into the table. */
export function isComplete(request: CheckRequest): boolean {
  return Boolean(request.appid && request.appVersion && request.wgtVersion)
}

/** The rows that may be offered: of this app and platform and online, newest first, rows without a date last. */
export function onlineRows(rows: readonly VersionRow[], appid: unknown, platform: string): VersionRow[] {
  return rows
    .filter((row) => row.appid === appid && row.stable_publish === true)
    .filter((row) =>
      Array.isArray(row.platform) ? row.platform.includes(platform) : row.platform === platform,
    )
    .sort((a, b) => createdAt(b) - createdAt(a))
}

/**
 * @param rows of `opendb-app-versions`; those of other apps and platforms, and offline ones, are passed over
 */
export function decide(request: CheckRequest, platform: Platform, rows: readonly VersionRow[]): CheckResult {
  const { appid, appVersion, wgtVersion } = request
  if (!isComplete(request)) return { code: -102, message: '请检查传参是否填写正确' }
  const online = onlineRows(rows, appid, platform)
  if (online.length === 0) return { code: -101, message: '暂无更新或检查appid是否填写正确' }

  // The newest of each type, which need not be the one with the largest version (§6, D1).
  const native = online.find((row) => row.type === 'native_app')
  const wgt = online.find((row) => row.type === 'wgt')
  const nativeOnly = request.is_uniapp_x === true && platform === 'Android'
  const candidate = nativeOnly ? native : largerOf(native, wgt)
  if (!candidate || !isNewer(candidate, appVersion) || !isNewer(candidate, wgtVersion)) return upToDate
  if (candidate.min_uni_version && compareVersions(candidate.min_uni_version, appVersion) < 1) {
    return { code: 101, message: 'wgt更新', ...candidate }
  }
  if (native && isNewer(native, appVersion)) return { code: 102, message: '整包更新', ...native }
  return upToDate
}

// internals

const upToDate: CheckResult = { code: 0, message: '当前版本已经是最新的，不需要更新' }

/** Of two equal versions the resources win: they are smaller. */
function largerOf(native: VersionRow | undefined, wgt: VersionRow | undefined): VersionRow | undefined {
  if (!native || !wgt) return wgt ?? native
  return compareVersions(wgt.version, native.version) >= 0 ? wgt : native
}

function isNewer(row: VersionRow, version: unknown): boolean {
  return compareVersions(row.version, version) === 1
}

function createdAt(row: VersionRow): number {
  const { create_date: date } = row
  if (typeof date === 'number') return date
  return date instanceof Date ? date.getTime() : Number.MIN_SAFE_INTEGER
}
