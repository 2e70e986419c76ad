import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Manifest } from '../../runtime/project/manifest.ts'
import { type ReadOptions, readProject } from '../../runtime/project/read.ts'

export interface TempProject extends AsyncDisposable {
  dir: string
  data: string
  file(relative: string): string
  write(files: Record<string, string>): Promise<void>
  read(options?: Partial<ReadOptions>): Promise<Manifest>
}

/** A project in a folder of its own. @param files relative path -> content; a path ending in `/` makes a folder */
export async function tempProject(files: Record<string, string>): Promise<TempProject> {
  const dir = await mkdtemp(path.join(tmpdir(), 'unicloud-project-'))
  const data = path.join(dir, '.unicloud-local')
  const file = (relative: string) => path.join(dir, relative)
  const write = async (more: Record<string, string>): Promise<void> => {
    for (const [name, text] of Object.entries(more)) {
      await mkdir(name.endsWith('/') ? file(name) : path.dirname(file(name)), { recursive: true })
      if (!name.endsWith('/')) await writeFile(file(name), text)
    }
  }
  await write(files)
  return {
    dir,
    data,
    file,
    write,
    read: (options = {}) =>
      readProject({ project: dir, builtins: false, builtinRoots: [], data, ...options }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Problems as short lines: `severity: message (line:column)`. */
export function lines(problems: Manifest['problems']): string[] {
  return problems.map(({ severity, message, where }) =>
    [`${severity}: ${message}`, where?.line && `(${where.line}:${where.column})`].filter(Boolean).join(' '),
  )
}
