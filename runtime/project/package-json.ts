/**
 * The members of a package.json that count: `dependencies` of functions and public modules, `extensions` and
 * `cloudfunction-config` of functions (spec/runtime.md §1.4, §1.5). `name` and `main` of a function are ignored, as
 * uniCloud ignores them.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ProviderProfile } from '../provider.ts'
import { FieldReport, isObject } from './field-report.ts'
import { defaultConfig, readFunctionConfig } from './function-config.ts'
import { JsonSource } from './json-source.ts'
import type { FunctionConfig, ProjectProblem } from './manifest.ts'

/** Extension libraries of uniCloud; each adds its member to the `uniCloud` object. */
const knownExtensions = [
  'uni-cloud-jql',
  'uni-cloud-redis',
  'uni-cloud-sms',
  'uni-cloud-verify',
  'uni-cloud-ext-storage',
  'uni-cloud-push',
  'uni-cloud-ai',
]

export interface PackageFile {
  name?: string
  /** Name -> version or `file:` path, as written. */
  dependencies: Record<string, string>
  /** Has an `exports` member: then Node's rules for it hold. */
  hasExports: boolean
  problems: ProjectProblem[]
}

export interface FunctionPackage extends PackageFile {
  extensions: string[]
  config: FunctionConfig
}

/** package.json of a cloud function or cloud object; it may be absent. */
export function readFunctionPackage(dir: string, profile: ProviderProfile): FunctionPackage {
  const read = readPackage(dir)
  const empty = { extensions: [], config: defaultConfig(profile) }
  if (read.report === undefined) return { ...read.file, ...empty }
  const { file, value, report } = read
  const extensions = readExtensions(value.extensions, report)
  const config = readFunctionConfig(value['cloudfunction-config'], report, profile)
  return { ...file, extensions, config }
}

/** package.json of a public module; it may be absent. */
export function readModulePackage(dir: string): PackageFile {
  return readPackage(dir).file
}

/** The text of a `file:` (or `link:`) dependency as an absolute folder; undefined for versions. */
export function fileDependency(spec: string, from: string): string | undefined {
  const match = /^(?:file|link):(?:\/\/)?(.*)$/s.exec(spec)
  return match ? path.resolve(from, match[1] ?? '') : undefined
}

// internals

type ReadPackage =
  | { file: PackageFile; report?: undefined }
  | { file: PackageFile; report: FieldReport; value: Record<string, unknown> }

function readPackage(dir: string): ReadPackage {
  const empty: PackageFile = { dependencies: {}, hasExports: false, problems: [] }
  const file = path.join(dir, 'package.json')
  if (!existsSync(file)) return { file: empty }
  const source = JsonSource.read(file)
  const parsed = source.parse()
  if ('fault' in parsed) {
    const { message, where } = parsed.fault
    return {
      file: { ...empty, problems: [{ severity: 'error', message: `package.json: ${message}`, where }] },
    }
  }
  if (!isObject(parsed.value)) {
    const message = 'package.json must hold an object'
    return { file: { ...empty, problems: [{ severity: 'error', message, where: { file } }] } }
  }
  const report = new FieldReport(source)
  const value = parsed.value
  const result: PackageFile = {
    dependencies: readDependencies(value.dependencies, report),
    hasExports: value.exports !== undefined && value.exports !== null,
    problems: report.problems,
  }
  if (typeof value.name === 'string') result.name = value.name
  return { file: result, report, value }
}

function readDependencies(value: unknown, report: FieldReport): Record<string, string> {
  if (value === undefined) return {}
  if (!isObject(value)) {
    report.wrong(['dependencies'], value, 'an object such as {"hello": "file:../common/hello"}')
    return {}
  }
  const dependencies: Record<string, string> = {}
  for (const [name, spec] of Object.entries(value)) {
    if (typeof spec === 'string') dependencies[name] = spec
    else
      report.wrong(
        ['dependencies', name],
        spec,
        'a version such as "^1.0.0" or a path such as "file:../common/hello"',
      )
  }
  return dependencies
}

function readExtensions(value: unknown, report: FieldReport): string[] {
  if (value === undefined) return []
  if (!isObject(value)) {
    report.wrong(['extensions'], value, 'an object such as {"uni-cloud-jql": {}}')
    return []
  }
  report.unknownKeys(['extensions'], value, knownExtensions)
  for (const [name, options] of Object.entries(value)) {
    if (!isObject(options)) report.wrong(['extensions', name], options, '{}')
  }
  return Object.keys(value)
}
