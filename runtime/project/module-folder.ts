/** One folder below `cloudfunctions/common/`: a public module (spec/runtime.md §1.4). */
import { isBuiltin } from 'node:module'
import path from 'node:path'
import type { ModuleEntry, ProjectProblem } from './manifest.ts'
import { readModulePackage } from './package-json.ts'

/** @param origin see `ModuleEntry.origin` */
export function readModuleFolder(
  dir: string,
  origin: string,
): { entry: ModuleEntry; problems: ProjectProblem[] } {
  const name = path.basename(dir)
  const pkg = readModulePackage(dir)
  const entry: ModuleEntry = { name, dir, origin, dependencies: pkg.dependencies }
  if (pkg.hasExports) entry.hasExports = true
  // A broken package.json of a module is the module's trouble: functions that use it fail when they require it.
  const problems = pkg.problems.map((problem) => ({ ...problem, severity: 'warning' as const }))
  return { entry, problems: [...problems, ...nameProblems(name, pkg.name, dir)] }
}

// internals

function nameProblems(name: string, packageName: string | undefined, dir: string): ProjectProblem[] {
  const warn = (message: string, hint: string): ProjectProblem => ({
    severity: 'warning',
    message: `public module ${name}: ${message}`,
    where: { file: dir },
    hint,
  })
  if (isBuiltin(name)) return [warn('Node.js has a module of this name, which wins', 'rename the folder')]
  if (/[A-Z]/.test(name))
    return [warn('upper-case letters are not allowed', 'rename the folder in lower case')]
  if (packageName !== undefined && packageName !== name) {
    const hint = `set "name": ${JSON.stringify(name)}`
    return [warn(`its package.json is named ${JSON.stringify(packageName)}; the folder name counts`, hint)]
  }
  return []
}
