/**
 * uni-config-center is the one public module that is merged instead of chosen: every copy in the project and its
 * plug-ins adds its files, the project's files win, and a copy without code borrows ours (spec/config-center.md §1,
 * spec/runtime.md §1.4). The module finds its configuration through `__dirname`, so a merged module needs a real
 * folder of its own with real files: the overlay.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { writingState } from '../state-folder.ts'
import { isFolder } from './folders.ts'
import { JsonSource } from './json-source.ts'
import type { ModuleEntry, ProjectProblem } from './manifest.ts'

export const configCenterName = 'uni-config-center'

/**
 * @param copies what the project and its plug-ins have, the winning one first
 * @param builtin ours, for its code
 * @param data state folder; the overlay is made below it
 */
export function mergeConfigCenter(
  copies: readonly ModuleEntry[],
  builtin: ModuleEntry | undefined,
  data: string,
  problems: ProjectProblem[],
): ModuleEntry | undefined {
  const first = copies[0]
  if (first === undefined) return builtin
  const withCode = copies.some((copy) =>
    ['index.js', 'index.ts'].some((file) => existsSync(path.join(copy.dir, file))),
  )
  if (!withCode && builtin === undefined) {
    const message = `${configCenterName} holds configuration but no index.js, so nothing can require it`
    problems.push({ severity: 'warning', message, where: { file: first.dir } })
  }
  const sources = [...copies, ...(withCode || builtin === undefined ? [] : [builtin])]
  const files = mergeFiles(sources, problems)
  problems.push(...brokenConfigs(files))
  if (sources.length === 1) return first
  const dir = path.join(data, 'overlay', configCenterName)
  writingState(data, () => writeOverlay(dir, files))
  return { ...first, dir, sources: sources.map((source) => source.dir) }
}

// internals

/** Relative path -> the file that wins. */
function mergeFiles(sources: readonly ModuleEntry[], problems: ProjectProblem[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const source of sources) {
    for (const relative of filesBelow(source.dir)) {
      const file = path.join(source.dir, relative)
      const winner = files.get(relative)
      if (winner === undefined) files.set(relative, file)
      else if (relative.includes(path.sep) && !sameContent(winner, file)) {
        const message = `${configCenterName}: ${winner} is used instead of ${file}`
        problems.push({ severity: 'warning', message, where: { file } })
      }
    }
  }
  return files
}

/** Told at start and when they are saved: the module itself would only name its copy in the overlay, and call by call. */
function brokenConfigs(files: ReadonlyMap<string, string>): ProjectProblem[] {
  return [...files].flatMap(([relative, file]) => {
    const [plugin, name, ...deeper] = relative.split(path.sep)
    if (name !== 'config.json' || deeper.length > 0) return []
    const parsed = JsonSource.read(file).parse()
    if (!('fault' in parsed)) return []
    const message = `the configuration of ${plugin} is ${parsed.fault.message}`
    return [{ severity: 'warning', message, where: parsed.fault.where, hint: 'calls that read it fail' }]
  })
}

/** Copies what changed and removes what is gone; a file is replaced whole, for instances may be reading it. */
function writeOverlay(dir: string, files: ReadonlyMap<string, string>): void {
  for (const [relative, source] of files) {
    const target = path.join(dir, relative)
    if (existsSync(target) && sameContent(target, source)) continue
    mkdirSync(path.dirname(target), { recursive: true })
    if (isFolder(target)) rmSync(target, { recursive: true })
    // Hidden, so that neither a half-made copy nor a left-over one is ever taken for a file of the module.
    const fresh = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`)
    copyFileSync(source, fresh)
    renameSync(fresh, target)
  }
  for (const relative of filesBelow(dir)) {
    if (files.has(relative)) continue
    rmSync(path.join(dir, relative), { force: true })
    removeEmptyFolders(dir, path.dirname(relative))
  }
}

/** The module tells plug-ins apart by their folders, so an emptied one must go. */
function removeEmptyFolders(dir: string, relative: string): void {
  for (let folder = relative; folder !== '.'; folder = path.dirname(folder)) {
    try {
      rmdirSync(path.join(dir, folder))
    } catch {
      return
    }
  }
}

function filesBelow(dir: string, prefix = ''): string[] {
  return readdirSync(path.join(dir, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
    const relative = path.join(prefix, entry.name)
    const folder = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path.join(dir, relative)))
    return folder ? filesBelow(dir, relative) : [relative]
  })
}

function sameContent(a: string, b: string): boolean {
  return !isFolder(a) && readFileSync(a).equals(readFileSync(b))
}
