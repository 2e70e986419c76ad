/** The size of functions, which the cloud limits together with what is installed in them (spec/runtime.md §1.2). */
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { FunctionEntry, Manifest, ProjectProblem } from './manifest.ts'

const megabyte = 1024 * 1024
const limitBytes = 10 * megabyte

/**
 * Looks at one function of the project after the other; who has enough of it stops asking.
 * @returns for each a warning when it is too large, else undefined
 */
export async function* oversizedFunctions(manifest: Manifest): AsyncGenerator<ProjectProblem | undefined> {
  for (const entry of Object.values(manifest.functions)) {
    if (entry.origin === 'builtin') continue
    yield (await bytesBelow(entry.dir)) > limitBytes ? tooLarge(entry) : undefined
  }
}

// internals

function tooLarge({ name, dir }: FunctionEntry): ProjectProblem {
  return {
    severity: 'warning',
    message: `${name} and the packages in it are larger than 10 MB: the cloud does not take it`,
    where: { file: dir },
    hint: 'what only development needs can be installed further up, in the project folder',
  }
}

/** @returns the bytes of the files, or some number above the limit as soon as it is passed */
async function bytesBelow(dir: string): Promise<number> {
  const folders = [dir]
  let bytes = 0
  for (let folder = folders.pop(); folder !== undefined && bytes <= limitBytes; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) folders.push(file)
      else if (entry.isFile()) bytes += (await lstat(file).catch(() => undefined))?.size ?? 0
    }
  }
  return bytes
}
