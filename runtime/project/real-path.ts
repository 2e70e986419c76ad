/** Where a path leads when links are followed: what Node names a module by, whatever road the project takes to it. */
import { realpathSync } from 'node:fs'
import path from 'node:path'

/** @param file absolute; need not exist: then the folders that do are followed */
export function realPath(file: string): string {
  try {
    return realpathSync.native(file)
  } catch {
    const parent = path.dirname(file)
    return parent === file ? file : path.join(realPath(parent), path.basename(file))
  }
}
