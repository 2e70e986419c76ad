/** One folder below `cloudfunctions/`: a cloud function, a cloud object, or neither (spec/runtime.md §1.2). */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { ProviderProfile } from '../provider.ts'
import type { FunctionEntry, FunctionKind, ProjectProblem } from './manifest.ts'
import { type FunctionPackage, readFunctionPackage } from './package-json.ts'
import { systemReason } from './unreadable.ts'

/** Allowed by every provider's console; the documentation is silent, so another name is only a warning. */
const usualName = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/

/** `.js` wins over `.ts` (spec/runtime.md §1.2); the other two are ours. */
const entryExtensions = ['.js', '.ts', '.mjs', '.cjs']

/**
 * @param origin see `FunctionEntry.origin`
 * @returns a notice instead when the folder holds no entry file or cannot be read
 */
export function readFunctionFolder(
  dir: string,
  origin: string,
  profile: ProviderProfile,
): FunctionEntry | { notice: ProjectProblem } {
  const name = path.basename(dir)
  const files = fileNames(dir)
  if (typeof files === 'string') return { notice: unreadableFolder(name, dir, files) }
  const ofFunction = entryFiles(files, 'index')
  const ofObject = entryFiles(files, 'index.obj')
  const entry = ofObject[0] ?? ofFunction[0]
  if (entry === undefined) return { notice: noEntry(name, dir) }

  const kind: FunctionKind = ofObject.length > 0 ? 'cloudobject' : 'cloudfunction'
  const pkg = readFunctionPackage(dir, profile)
  const result: FunctionEntry = {
    name,
    kind,
    dir,
    entry: path.join(dir, entry),
    origin,
    config: pkg.config,
    extensions: pkg.extensions,
    dependencies: pkg.dependencies,
    problems: [...entryProblems(name, dir, ofFunction, ofObject), ...pkg.problems],
  }
  const paramFile = findParamFile(files, kind, name, pkg)
  if (paramFile !== undefined) result.paramFile = path.join(dir, paramFile)
  return result
}

// internals

/** The names, or why there are none to be had. */
function fileNames(dir: string): string[] | string {
  try {
    return readdirSync(dir)
  } catch (error) {
    return systemReason(error)
  }
}

function unreadableFolder(name: string, dir: string, reason: string): ProjectProblem {
  return {
    // An error would keep the whole space from serving.
    severity: 'warning',
    message: `${name} is skipped: its folder cannot be read (${reason})`,
    where: { file: dir },
    hint: 'give the user who runs this the right to read it',
  }
}

function entryFiles(files: string[], stem: string): string[] {
  return entryExtensions.map((extension) => stem + extension).filter((file) => files.includes(file))
}

function noEntry(name: string, dir: string): ProjectProblem {
  return {
    severity: 'warning',
    message: `${name} is neither a cloud function nor a cloud object and is skipped: it has no index.js, index.ts, index.obj.js or index.obj.ts`,
    where: { file: dir },
    hint: 'public modules belong in cloudfunctions/common',
  }
}

function entryProblems(
  name: string,
  dir: string,
  ofFunction: string[],
  ofObject: string[],
): ProjectProblem[] {
  const problems: ProjectProblem[] = []
  if (ofFunction[0] !== undefined && ofObject[0] !== undefined) {
    problems.push({
      severity: 'error',
      message: `${name} holds both ${ofFunction[0]} and ${ofObject[0]}; a folder is either a cloud function or a cloud object`,
      where: { file: path.join(dir, ofObject[0]) },
      hint: `remove one of them: index.* makes a cloud function, index.obj.* a cloud object`,
    })
  }
  for (const entries of [ofFunction, ofObject]) {
    if (entries.length < 2) continue
    problems.push({
      severity: 'warning',
      message: `${name} uses ${entries[0]} and ignores ${entries.slice(1).join(', ')}`,
      where: { file: path.join(dir, entries[0] ?? '') },
    })
  }
  if (!usualName.test(name)) {
    problems.push({
      severity: 'warning',
      message: `the name ${JSON.stringify(name)} may be refused by the cloud`,
      where: { file: dir },
      hint: 'start with a letter; then at most 59 letters, digits, _ or -',
    })
  }
  return problems
}

/**
 * `<folder>.param.*`, then `<package name>.param.*`, then the only one there is. Objects have `.param.js`; the older
 * `.param.json` with `method` and `params` occurs in real plug-ins.
 */
function findParamFile(
  files: string[],
  kind: FunctionKind,
  name: string,
  pkg: FunctionPackage,
): string | undefined {
  const endings = kind === 'cloudobject' ? ['.param.js', '.param.json'] : ['.param.json']
  for (const ending of endings) {
    const candidates = files.filter((file) => file.endsWith(ending))
    const found =
      [name, pkg.name].map((stem) => `${stem}${ending}`).find((file) => candidates.includes(file)) ??
      (candidates.length === 1 ? candidates[0] : undefined)
    if (found !== undefined) return found
  }
  return undefined
}
