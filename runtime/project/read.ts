/**
 * Reads a uniCloud project from disk into a manifest: one flat namespace of functions, objects, public modules and
 * database files out of the project, its plug-ins and what ships with us (spec/runtime.md §1).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type ProviderProfile, providers } from '../provider.ts'
import { configCenterName, mergeConfigCenter } from './config-center.ts'
import { readActionFolder, readDatabaseFolder } from './database-folder.ts'
import { readFunctionFolder } from './function-folder.ts'
import { type CloudSource, findLayout, packageSource } from './layout.ts'
import type {
  ClientAction,
  DatabaseFile,
  FunctionEntry,
  Manifest,
  ModuleEntry,
  ProjectProblem,
  ProviderName,
} from './manifest.ts'
import { Namespace } from './merge.ts'
import { readModuleFolder } from './module-folder.ts'
import { checkSpace } from './space-checks.ts'
import { unreadable } from './unreadable.ts'

export interface ReadOptions {
  /** Project folder. */
  project: string
  /** Chooses among several cloud folders, and the profile; default as the folder's name says. */
  provider?: ProviderName
  /** Whether our own cloud objects and public modules join the space. */
  builtins: boolean
  /** Folders with `cloudobjects/` and `common/`. */
  builtinRoots: string[]
  /** State folder: the merged uni-config-center lies below it. */
  data: string
}

/**
 * Reads the project anew. What is wrong with a function stands in its `problems`; what is wrong with the space as a
 * whole in the manifest's.
 * @throws LocalError PROJECT_NOT_FOUND, PROJECT_AMBIGUOUS, or PROJECT_INVALID when something above the function
 * folders cannot be read
 */
export async function readProject(options: ReadOptions): Promise<Manifest> {
  try {
    return readAll(options)
  } catch (error) {
    throw unreadable(error)
  }
}

// internals

function readAll(options: ReadOptions): Manifest {
  const layout = findLayout(options.project, options.provider)
  const builtins = options.builtins ? builtinSources(options.builtinRoots, layout.root) : []
  const sources = [...layout.sources, ...builtins]
  const profile = providers[layout.provider]
  const collected = collect(sources, profile, options.data)
  const functions = collected.functions.values()
  const modules = collected.modules.toRecord()
  const checks = checkSpace({ root: layout.root, functions, modules, profile })
  return {
    root: layout.root,
    cloudRoots: sources.flatMap((source) => source.roots),
    provider: layout.provider,
    functions: collected.functions.toRecord(),
    modules,
    databaseFiles: collected.databaseFiles,
    clientActions: collected.actions.values(),
    problems: [...layout.problems, ...collected.problems, ...checks],
  }
}

function builtinSources(roots: readonly string[], project: string): CloudSource[] {
  return roots
    .filter((root) => path.resolve(root) !== project)
    .map((root) => packageSource(path.resolve(root), 'builtin'))
}

interface Collected {
  functions: Namespace<FunctionEntry>
  modules: Namespace<ModuleEntry>
  databaseFiles: DatabaseFile[]
  actions: Namespace<ClientAction>
  problems: ProjectProblem[]
}

function collect(sources: readonly CloudSource[], profile: ProviderProfile, data: string): Collected {
  const problems: ProjectProblem[] = []
  const functions = new Namespace<FunctionEntry>('function', (entry) => entry.dir, problems)
  const modules = new Namespace<ModuleEntry>('public module', (entry) => entry.dir, problems)
  const files = new Namespace<DatabaseFile>('database file', (file) => file.path, problems)
  const actions = new Namespace<ClientAction>('clientDB action', (action) => action.path, problems)
  const configCenters: ModuleEntry[] = []
  for (const { origin, ...source } of sources) {
    problems.push(...deadFormats(source.cloudfunctions))
    for (const dir of source.functions) {
      const read = readFunctionFolder(dir, origin, profile)
      if ('notice' in read) problems.push(read.notice)
      else functions.add(read.name, read)
    }
    for (const dir of source.modules) {
      const read = readModuleFolder(dir, origin)
      problems.push(...read.problems)
      if (read.entry.name === configCenterName) configCenters.push(read.entry)
      else modules.add(read.entry.name, read.entry)
    }
    for (const dir of source.databases) {
      // What ships with us takes its collections away with it when the project replaces it.
      const holder = path.dirname(dir)
      const holders = [functions, modules].map((members) => members.get(path.basename(holder))?.dir)
      if (origin === 'builtin' && !holders.includes(holder)) continue
      for (const file of readDatabaseFolder(dir, origin)) files.add(databaseKey(file), file)
    }
    for (const dir of source.actions) {
      for (const action of readActionFolder(dir, origin)) actions.add(action.name, action)
    }
  }
  const builtin = configCenters.find((entry) => entry.origin === 'builtin')
  const copies = configCenters.filter((entry) => entry.origin !== 'builtin')
  const configCenter = mergeConfigCenter(copies, builtin, data, problems)
  if (configCenter) modules.set(configCenterName, configCenter)
  return { functions, modules, databaseFiles: files.values(), actions, problems }
}

/** File names clash, not collections; every db_init.json counts, for it fills several collections. */
function databaseKey(file: DatabaseFile): string {
  return file.kind === 'db_init' ? file.path : path.basename(file.path)
}

/** Formats uniCloud gave up; users of old projects should hear that nothing reads them. */
function deadFormats(cloudfunctions: string | undefined): ProjectProblem[] {
  if (cloudfunctions === undefined) return []
  return ['cloudfunctions_init.json', 'db_init.json']
    .map((name) => path.join(cloudfunctions, name))
    .filter((file) => existsSync(file))
    .map((file) => ({
      severity: 'warning' as const,
      message: `${path.basename(file)} in cloudfunctions is an old format that is no longer read`,
      where: { file },
      hint: file.endsWith('db_init.json')
        ? 'use database/<collection>.init_data.json, .index.json and .schema.json'
        : 'write triggers and path into the package.json of each function',
    }))
}
