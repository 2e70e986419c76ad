/**
 * Paths in texts: callers need not know where this machine keeps a project, and developers look for the files that they
 * wrote, not for copies.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { GuestSpace } from '../bridge.ts'
import type { ModuleEntry } from '../project/manifest.ts'

/** Files of the configuration from `uni-config-center` on: its errors begin with them (spec/config-center.md §4). */
export function withoutConfigFolder(text: string, space: GuestSpace): string {
  const module = space.modules['uni-config-center']
  return module ? shorten(text, path.dirname(module.dir)) : text
}

/** Files of the project from its root on, too. */
export function withoutProjectFolder(text: string, space: GuestSpace): string {
  return shorten(withoutConfigFolder(text, space), space.projectRoot)
}

/** For the log: the configuration may be read from a merged folder; what there is to edit lies elsewhere. */
export function withSourceFiles(text: string, space: Pick<GuestSpace, 'modules'>): string {
  const module = space.modules['uni-config-center']
  if (!module?.sources || !text.includes(module.dir)) return text
  const [first = '', ...rest] = text.split(module.dir + path.sep)
  return first + rest.map((part) => withSource(part, module)).join('')
}

/** The user's own copy of a file that was read from a merged folder; undefined when it is not from there. */
export function sourceFile(file: string, { dir, sources = [] }: ModuleEntry): string | undefined {
  const relative = path.relative(dir, file)
  if (relative.startsWith('..') || path.isAbsolute(relative)) return undefined
  return sources.map((source) => path.join(source, relative)).find((copy) => existsSync(copy))
}

// internals

/** @param text what follows the merged folder: a file in it, and more */
function withSource(text: string, module: ModuleEntry): string {
  const name = /^[^\s:'"()]+/.exec(text)?.[0] ?? ''
  const file = path.join(module.dir, name)
  return (sourceFile(file, module) ?? file) + text.slice(name.length)
}

function shorten(text: string, folder: string): string {
  return text.replaceAll(folder + path.sep, '')
}
