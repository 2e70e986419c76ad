/** Where our own package lies and which version it is; the same from sources (tests) and from `dist/`. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of our package.json, absolute. */
export const packageRoot = findRoot()

export const version: string = (
  JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version

/**
 * A file of the build, as a thread or a process starts it.
 * @param name below `dist/`, for example `guest/worker.js`
 */
export function builtFile(name: string): string {
  return path.join(packageRoot, 'dist', name)
}

/** Folders whose `cloudobjects/` and `common/` are part of every space, unless the configuration says otherwise. */
export const builtinRoots: string[] = [packageRoot]

// internals

function findRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url))
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}
