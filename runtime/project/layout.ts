/**
 * Where a project keeps its cloud side: the folders of the providers, plug-ins in `uni_modules`, a plain folder with
 * `cloudfunctions/`, and our own package with `cloudobjects/`, `common/` and `examples/` (spec/runtime.md §1.1).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { LocalError } from '../../errors/errors.ts'
import { providers } from '../provider.ts'
import { folderProviders, standpoint } from './cloud-folders.ts'
import { isFolder, subfolders } from './folders.ts'
import { JsonSource } from './json-source.ts'
import type { ProjectProblem, ProviderName } from './manifest.ts'

/** A place that adds functions, modules and database files to the space. */
export interface CloudSource {
  /** `project`, a plug-in's name, or `builtin`. */
  origin: string
  /** Folders to show and to watch. */
  roots: string[]
  /** Function folders, module folders, and the folders of actions and database files. */
  functions: string[]
  modules: string[]
  actions: string[]
  databases: string[]
  /** The folder that holds `cloudfunctions/`, for dead formats lying there. */
  cloudfunctions?: string
}

export interface ProjectLayout {
  root: string
  provider: ProviderName
  /** The project's own first, then plug-ins by name. */
  sources: CloudSource[]
  problems: ProjectProblem[]
}

/**
 * Finds the cloud side of a project.
 * @throws LocalError PROJECT_NOT_FOUND, or PROJECT_AMBIGUOUS when several cloud folders stand side by side and
 * nothing says which one counts
 */
export function findLayout(project: string, provider?: ProviderName): ProjectLayout {
  const { root, folder } = standpoint(path.resolve(project))
  if (!isFolder(root))
    throw new LocalError('PROJECT_NOT_FOUND', `the project folder does not exist: ${root}`, {
      hint: 'name the folder that holds uniCloud-aliyun (or another cloud folder) with --project',
    })
  const launch = launchProvider(root)
  const chosen = chooseFolder(root, folder === undefined ? cloudFolders(root) : [folder], provider, launch)
  const plugins = pluginSources(root)
  const own = ownSources(root, chosen, provider ?? launch)
  if (own.length === 0 && plugins.length === 0)
    throw new LocalError('PROJECT_NOT_FOUND', `no uniCloud project in ${root}`, {
      hint: `expected one of ${[...folderProviders.keys()].join(', ')}, or cloudfunctions`,
    })
  const result = provider ?? folderProviders.get(chosen ?? '') ?? launch ?? 'aliyun'
  return { root, provider: result, sources: [...own, ...plugins], problems: servedAs(root, chosen, result) }
}

/** A package that ships cloud objects (`cloudobjects/*`) and public modules (`common/*`), as ours does. */
export function packageSource(root: string, origin: string): CloudSource {
  const objects = path.join(root, 'cloudobjects')
  const common = path.join(root, 'common')
  const functions = subfolders(objects).map((name) => path.join(objects, name))
  const modules = subfolders(common).map((name) => path.join(common, name))
  return {
    origin,
    roots: [objects, common].filter(isFolder),
    functions,
    modules,
    actions: [],
    // What ships with us brings its collections along in its own folder.
    databases: [...functions, ...modules].map((dir) => path.join(dir, 'database')).filter(isFolder),
  }
}

// internals

function cloudFolders(root: string): string[] {
  return [...folderProviders.keys()].filter((name) => isFolder(path.join(root, name)))
}

function chooseFolder(
  root: string,
  found: string[],
  provider: ProviderName | undefined,
  launch: ProviderName | undefined,
): string | undefined {
  if (found.length <= 1) return found[0]
  const wanted = provider ?? launch
  const fitting = found.filter((name) => wanted !== undefined && folderProviders.get(name) === wanted)
  if (fitting.length === 1) return fitting[0]
  if (wanted !== undefined && fitting.length === 0 && found.includes('uniCloud')) return 'uniCloud'
  throw new LocalError('PROJECT_AMBIGUOUS', `several cloud folders in ${root}: ${found.join(', ')}`, {
    hint:
      fitting.length > 1
        ? `keep one of ${fitting.join(', ')}: they are the same provider`
        : `choose one with --provider ${found.flatMap((name) => folderProviders.get(name) ?? []).join(' or ')}`,
  })
}

/** `configurations[0].provider` of HBuilderX's launch.json. */
function launchProvider(root: string): ProviderName | undefined {
  const file = path.join(root, '.hbuilderx', 'launch.json')
  if (!existsSync(file)) return undefined
  const parsed = JsonSource.read(file).parse(true)
  if ('fault' in parsed) return undefined
  const { configurations } = (parsed.value ?? {}) as { configurations?: { provider?: unknown }[] }
  const name = configurations?.[0]?.provider
  return Object.values(providers).find((profile) => name === profile.name || name === profile.wireName)?.name
}

function servedAs(root: string, chosen: string | undefined, provider: ProviderName): ProjectProblem[] {
  const meant = folderProviders.get(chosen ?? '')
  if (chosen === undefined || meant === undefined || meant === provider) return []
  const message = `${chosen} is run as ${provider}: limits, error texts and timers are those of ${provider}`
  return [{ severity: 'warning', message, where: { file: path.join(root, chosen) } }]
}

function ownSources(root: string, chosen: string | undefined, provider?: ProviderName): CloudSource[] {
  if (chosen !== undefined) {
    const dir = path.join(root, chosen)
    return [cloudSource(dir, 'project', [dir])]
  }
  const cloudfunctions = path.join(root, 'cloudfunctions')
  if (isFolder(cloudfunctions)) {
    // Not the whole folder: it may hold a front end that nobody wants watched.
    return [cloudSource(root, 'project', [cloudfunctions, path.join(root, 'database')].filter(isFolder))]
  }
  if (!isFolder(path.join(root, 'cloudobjects'))) return []
  return [packageSource(root, 'project'), ...exampleSources(path.join(root, 'examples'), provider)]
}

/** Examples are projects of their own, or single function folders; all of them join the one space. */
function exampleSources(dir: string, provider?: ProviderName): CloudSource[] {
  return subfolders(dir).flatMap((name) => {
    const root = path.join(dir, name)
    const found = cloudFolders(root)
    const chosen = found.find((folder) => folderProviders.get(folder) === provider) ?? found[0]
    const own = ownSources(root, chosen)
    if (own.length > 0 || !hasEntry(root)) return [...own, ...pluginSources(root)]
    return [{ origin: 'project', roots: [root], functions: [root], modules: [], actions: [], databases: [] }]
  })
}

function hasEntry(dir: string): boolean {
  return ['index.js', 'index.ts', 'index.obj.js', 'index.obj.ts'].some((name) =>
    existsSync(path.join(dir, name)),
  )
}

/** `uni_modules/<plug-in>/uniCloud`; projects of the command line keep them below `src`. */
function pluginSources(root: string): CloudSource[] {
  return [path.join(root, 'uni_modules'), path.join(root, 'src', 'uni_modules')].flatMap((modules) =>
    subfolders(modules).flatMap((plugin) =>
      subfolders(path.join(modules, plugin))
        .filter((name) => name.toLowerCase() === 'unicloud')
        .map((name) => path.join(modules, plugin, name))
        .map((dir) => cloudSource(dir, plugin, [dir])),
    ),
  )
}

function cloudSource(dir: string, origin: string, roots: string[]): CloudSource {
  const cloudfunctions = path.join(dir, 'cloudfunctions')
  const common = path.join(cloudfunctions, 'common')
  return {
    origin,
    roots,
    functions: subfolders(cloudfunctions)
      .filter((name) => name !== 'common' && name !== 'uni-clientDB-actions')
      .map((name) => path.join(cloudfunctions, name)),
    modules: subfolders(common).map((name) => path.join(common, name)),
    actions: [path.join(cloudfunctions, 'uni-clientDB-actions')].filter(isFolder),
    databases: [path.join(dir, 'database')].filter(isFolder),
    cloudfunctions,
  }
}
