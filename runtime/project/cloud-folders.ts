/** The folders that hold the cloud side of a project, and the project that somebody means who names one of them. */
import path from 'node:path'
import { isFolder } from './folders.ts'
import type { ProviderName } from './manifest.ts'

/** Folder name -> provider; `uniCloud`, the short name all over the documentation, leaves it open. */
export const folderProviders: ReadonlyMap<string, ProviderName | undefined> = new Map([
  ['uniCloud-aliyun', 'aliyun'],
  ['uniCloud-tcb', 'tencent'],
  ['uniCloud-tencent', 'tencent'],
  ['uniCloud-alipay', 'alipay'],
  ['uniCloud-dcloud', 'dcloud'],
  ['uniCloud', undefined],
])

/**
 * Someone who stands inside the cloud folder means the project around it.
 * @param dir absolute
 * @returns the project folder, and the cloud folder's name when that was meant
 */
export function standpoint(dir: string): { root: string; folder?: string } {
  const name = path.basename(dir)
  if (folderProviders.has(name) && isFolder(path.join(dir, 'cloudfunctions')))
    return { root: path.dirname(dir), folder: name }
  return { root: dir }
}
