/** Parameter checks of file storage, with the texts of the client SDK (spec/runtime.md §11). */
import type { ProviderName } from '../../../project/manifest.ts'
import { isStorageKey } from '../../../storage-address.ts'
import { invalidParam, UniCloudError } from '../error.ts'

/** Files one call may name. */
const maxFiles = 50

/** What tencent and alipay take in a path. */
const plainPath = /^[0-9A-Za-z/!\-_.*\u4e00-\u9fa5]+$/

/**
 * The path a file is stored under, or the name it has when the provider chooses the path.
 * @param isPath whether `cloudPath` is a path and not just a name
 */
export function checkedCloudPath(cloudPath: unknown, isPath: boolean, provider: ProviderName): string {
  if (typeof cloudPath !== 'string') throw invalidParam('cloudPath必须为字符串类型')
  const path = cloudPath.trim()
  if (path === '') throw invalidParam('cloudPath不可为空')
  if (path.includes('://')) throw invalidParam('cloudPath不合法')
  if (isPath && path.includes('\\')) throw invalidParam('使用cloudPath作为路径时，cloudPath不可包含“\\”')
  const key = path.replace(/^\/+/, '')
  const limited = provider === 'tencent' || provider === 'alipay'
  // "~" begins the names this runtime keeps for itself.
  if (isPath && (!isStorageKey(key) || key.startsWith('~') || (limited && !plainPath.test(key)))) {
    throw invalidParam('cloudPath不合法')
  }
  return key
}

/** aliyun takes no pages: they could be served under its own domain. */
export function refuseHtml(path: string): void {
  if (/\.html?$/i.test(path)) {
    throw new UniCloudError({ errCode: 'ParamInvalid', errMsg: 'Unsupported file type.' })
  }
}

/** The ids of a list; tencent also takes `{fileID, maxAge}`. */
export function checkedFileList(options: unknown, provider: ProviderName): string[] {
  const { fileList } = (options ?? {}) as { fileList?: unknown }
  if (!Array.isArray(fileList)) throw invalidParam('fileList必须是非空的数组')
  if (fileList.length === 0) {
    throw invalidParam(provider === 'alipay' ? 'fileList不能为空数组' : 'fileList必须是非空的数组')
  }
  if (fileList.length > maxFiles) {
    if (provider === 'aliyun') {
      throw new UniCloudError({ errCode: 'ParamInvalid', errMsg: 'No more than 50 files at a time.' })
    }
    throw invalidParam('fileList数组长度不能超过50')
  }
  return fileList.map((item) => {
    const id = typeof item === 'object' && item !== null ? (item as { fileID?: unknown }).fileID : item
    if (typeof id !== 'string' || id === '') throw invalidParam('fileList的元素必须是非空的字符串')
    return id
  })
}

export function checkedFileId(options: unknown): string {
  const { fileID } = (options ?? {}) as { fileID?: unknown }
  if (typeof fileID !== 'string' || fileID === '') throw invalidParam('fileID不合法')
  return fileID
}
