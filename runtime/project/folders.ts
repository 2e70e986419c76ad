/** Listing folders as the project reader needs them. */
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Names of the sub-folders that can hold something of ours, sorted; none when the folder does not exist. */
export function subfolders(dir: string): string[] {
  const entries = listing(dir)
  return entries
    .filter(
      (entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path.join(dir, entry.name))),
    )
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith('.') && name !== 'node_modules')
    .sort()
}

/** @throws the system's error when the file is there and cannot be looked at */
export function isFolder(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (error) {
    // A link that leads to itself leads to no folder.
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return false
    throw error
  }
}

// internals

function listing(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
