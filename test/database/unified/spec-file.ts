import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EJSON } from 'bson'

export type Doc = Record<string, unknown>

/** One file of the drivers' specification tests in the unified format. */
export interface SpecFile {
  /** `crud/tests/unified/find.json` */
  path: string
  runOnRequirements?: Requirement[]
  createEntities?: Doc[]
  initialData?: CollectionData[]
  tests: SpecTest[]
}

export interface SpecTest {
  description: string
  skipReason?: string
  runOnRequirements?: Requirement[]
  operations: Operation[]
  expectEvents?: ExpectedEvents[]
  outcome?: CollectionData[]
}

export interface CollectionData {
  databaseName: string
  collectionName: string
  documents: Doc[]
  createOptions?: Doc
}

export interface Operation {
  name: string
  object: string
  arguments?: Doc
  expectResult?: unknown
  expectError?: Doc
  saveResultAsEntity?: string
  ignoreResultAndError?: boolean
}

export interface ExpectedEvents {
  client: string
  eventType?: 'command' | 'cmap'
  ignoreExtraEvents?: boolean
  events: Doc[]
}

interface Requirement {
  minServerVersion?: string
  maxServerVersion?: string
  topologies?: string[]
  auth?: boolean
  serverless?: string
  csfle?: boolean
}

/**
 * Where the tests lie: beside the repository. They are not part of it, their licence forbids that
 * (spec/embedded-database.md §16, risk 8).
 */
const FOLDER = fileURLToPath(new URL('../../../../shared/conformance/mongodb-spec-tests', import.meta.url))

/** True when the tests are there. */
export function haveSpecTests(): boolean {
  return existsSync(FOLDER)
}

/** The files of one of the specifications. */
export function readSpecFiles(folder: string): SpecFile[] {
  const names = readdirSync(join(FOLDER, folder)).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => {
    const path = `${folder}/${name}`
    const file = EJSON.parse(readFileSync(join(FOLDER, path), 'utf8'), {
      relaxed: true,
    }) as unknown as SpecFile
    return { ...file, path }
  })
}

/** True when a test is meant for a server like ours: version 7.0, a replica set, nobody logs in. */
export function isEligible(file: SpecFile, test: SpecTest): boolean {
  return test.skipReason === undefined && meets(file.runOnRequirements) && meets(test.runOnRequirements)
}

// internals

const VERSION = [7, 0, 0]

function meets(requirements: Requirement[] | undefined): boolean {
  return requirements === undefined || requirements.some(meetsOne)
}

function meetsOne(requirement: Requirement): boolean {
  const { minServerVersion, maxServerVersion, topologies, auth, csfle } = requirement
  return (
    (minServerVersion === undefined || compare(minServerVersion) <= 0) &&
    (maxServerVersion === undefined || compare(maxServerVersion) >= 0) &&
    (topologies === undefined || topologies.includes('replicaset')) &&
    auth !== true &&
    csfle !== true
  )
}

/** The given version against ours: `4.4` means any 4.4 as an upper bound. */
function compare(version: string): number {
  const parts = version.split('.').map(Number)
  for (const [at, own] of VERSION.entries()) {
    const part = parts[at] ?? (at < 2 ? 0 : own)
    if (part !== own) return part - own
  }
  return 0
}
