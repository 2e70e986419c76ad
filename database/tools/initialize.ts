import { LocalError } from '../../errors/errors.ts'
import type { Now } from '../api/object-id-source.ts'
import type { DatabaseProvider } from '../api/profile.ts'
import { SeedPlan } from '../seed/seed-plan.ts'
import { type SeedFile, type SeedOutcome, type SeedProblem, seedDatabase } from '../seed.ts'
import { countDocuments, type DatabasePlace, listCollections } from './collections.ts'

export interface InitializeOptions extends DatabasePlace {
  provider: DatabaseProvider
  /** The project's database files. */
  files: readonly SeedFile[]
  /** Only these collections. Default: all that the files name. */
  only?: readonly string[]
  /** Called for everything that is wrong in a file. */
  report(problem: SeedProblem): void
  /** For generated ids. Default: the machine's time. */
  clock?: Now
}

/**
 * Applies a project's database files to its database, whatever is there already: collections, indexes and documents
 * that are missing are added, the rest stays (spec/database.md §14).
 * @throws LocalError USAGE when no file names a collection that was asked for; nothing is changed then
 */
export async function initializeDatabase(options: InitializeOptions): Promise<SeedOutcome> {
  if (options.only) refuseUnknown(options.only, await namedByFiles(options))
  return seedDatabase({ ...options, collections: 'all' })
}

export interface ResetOutcome extends SeedOutcome {
  /** Collections that are gone, or made anew, with the documents they had. */
  dropped: { name: string; documents: number }[]
}

/**
 * Drops collections and makes anew those that the project's files name. Without `only` all collections of the database
 * are dropped, whoever made them.
 * @throws LocalError USAGE when a collection that was asked for neither exists nor is named by a file; nothing is
 * dropped then
 */
export async function resetDatabase(options: InitializeOptions): Promise<ResetOutcome> {
  const existing = await listCollections(options)
  if (options.only) refuseUnknown(options.only, [...existing, ...(await namedByFiles(options))])
  const dropped: ResetOutcome['dropped'] = []
  for (const name of existing) {
    if (options.only && !options.only.includes(name)) continue
    dropped.push({ name, documents: await countDocuments(options, name) })
    await options.database.command(options.name, { drop: name })
  }
  return { ...(await seedDatabase(options)), dropped }
}

// internals

/** Collections of the project's files. What is wrong in db_init.json is told when it is applied. */
async function namedByFiles({ files }: InitializeOptions): Promise<readonly string[]> {
  return (await SeedPlan.of(files, () => {})).collections
}

function refuseUnknown(only: readonly string[], known: readonly string[]): void {
  const unknown = only.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new LocalError('USAGE', `there is no collection ${unknown.join(', ')}`, {
    hint:
      known.length === 0
        ? 'the project has no database files'
        : `there are: ${[...new Set(known)].sort().join(', ')}`,
  })
}
