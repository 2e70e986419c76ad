/** What can only be seen once all functions and modules are known: dangling dependencies, clashing URLs, limits. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ProviderProfile } from '../provider.ts'
import { isFolder } from './folders.ts'
import { JsonSource } from './json-source.ts'
import type { FunctionEntry, ModuleEntry, ProjectProblem } from './manifest.ts'
import { fileDependency } from './package-json.ts'

export interface SpaceMembers {
  root: string
  functions: readonly FunctionEntry[]
  modules: Readonly<Record<string, ModuleEntry>>
  profile: ProviderProfile
}

/** Adds dependency warnings to the functions and returns the problems of the space. */
export function checkSpace(members: SpaceMembers): ProjectProblem[] {
  const { functions, modules, profile, root } = members
  for (const entry of functions) {
    if (entry.origin !== 'builtin')
      entry.problems.push(...dependencyProblems(entry, entry.name, modules, root))
  }
  const ofModules = Object.values(modules)
    .filter((entry) => entry.origin !== 'builtin')
    .flatMap((entry) => dependencyProblems(entry, `public module ${entry.name}`, modules, root))
  return [
    ...ofModules,
    ...urlProblems(functions),
    ...countProblems(functions, profile),
    ...runtimeProblems(functions),
  ]
}

// internals

/** Only warnings: real code probes optional modules with try/catch. */
function dependencyProblems(
  owner: { dir: string; dependencies?: Record<string, string> },
  title: string,
  modules: SpaceMembers['modules'],
  root: string,
): ProjectProblem[] {
  const missing: string[] = []
  const problems: ProjectProblem[] = []
  for (const [name, spec] of Object.entries(owner.dependencies ?? {})) {
    const folder = fileDependency(spec, owner.dir)
    if (name in modules || (folder !== undefined && isFolder(folder))) continue
    if (folder === undefined) {
      if (!isInstalled(name, owner.dir)) missing.push(name)
      continue
    }
    problems.push({
      severity: 'warning',
      message: `${title} depends on ${name}, but ${spec} does not exist and no public module has that name`,
      where: dependencyPlace(owner.dir, name),
    })
  }
  const first = missing[0]
  if (first !== undefined) {
    problems.push({
      severity: 'warning',
      message: `${title} needs npm packages that are not installed: ${missing.join(', ')}`,
      where: dependencyPlace(owner.dir, first),
      hint: `cd ${path.relative(root, owner.dir) || '.'} && npm install`,
    })
  }
  return problems
}

function dependencyPlace(dir: string, name: string) {
  return JsonSource.read(path.join(dir, 'package.json')).place(['dependencies', name])
}

/** As Node.js looks: `node_modules` of the folder and of every folder above it. */
function isInstalled(name: string, from: string): boolean {
  for (let dir = from; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'node_modules', name))) return true
    if (dir === path.dirname(dir)) return false
  }
}

/** One URL leads to one function (spec/http.md §1). A built-in object gives its URL up to the project. */
function urlProblems(functions: readonly FunctionEntry[]): ProjectProblem[] {
  const taken = new Map<string, FunctionEntry>()
  const problems: ProjectProblem[] = []
  for (const entry of functions) {
    const url = entry.config.path
    const holder = taken.get(url)
    if (url === '') continue
    if (holder === undefined) taken.set(url, entry)
    else if (entry.origin === 'builtin') entry.config.path = ''
    else {
      problems.push({
        severity: 'error',
        message: `URL path ${url} is claimed by both ${holder.name} and ${entry.name}`,
        where: JsonSource.read(path.join(entry.dir, 'package.json')).place(['cloudfunction-config', 'path']),
        hint: 'give one of them another cloudfunction-config.path',
      })
    }
  }
  return problems
}

function countProblems(functions: readonly FunctionEntry[], profile: ProviderProfile): ProjectProblem[] {
  const count = functions.filter((entry) => entry.origin !== 'builtin').length
  if (count <= profile.maxFunctions) return []
  const message = `${count} functions and objects; a space of ${profile.name} takes ${profile.maxFunctions}`
  return [{ severity: 'warning', message }]
}

/** One line for all: nothing is to be mended in the project, but a difference to the cloud should be known. */
function runtimeProblems(functions: readonly FunctionEntry[]): ProjectProblem[] {
  const here = `Nodejs${process.versions.node.split('.')[0]}`
  const others = functions.filter(
    (entry) => entry.config.runtime !== undefined && entry.config.runtime !== here,
  )
  if (others.length === 0) return []
  const names = others.map((entry) => `${entry.name} (${entry.config.runtime})`).join(', ')
  const message = `functions run on ${here} here, in the cloud on another version: ${names}`
  return [{ severity: 'warning', message }]
}
