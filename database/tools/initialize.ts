import { LocalError } from '../../errors/errors.ts'
import type { Now } from '../api/object-id-source.ts'
import type { DatabaseProvider } from '../api/profile.ts'
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
 * @throws LocalError USAGE when no file names a collection that was asked for
 */
export async function initializeDatabase(options: InitializeOptions): Promise<SeedOutcome> {
  const outcome = await seedDatabase({ ...options, collections: 'all' })
  refuseUnknown(options, Object.keys(outcome.seeded))
  return outcome
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
  const named = new Set(options.files.map(({ collection }) => collection))
  // What db_init.json names is known once it is read; it is not worth reading it twice.
  if (!options.files.some(({ kind }) => kind === 'db_init')) refuseUnknown(options, [...existing, ...named])
  const dropped: ResetOutcome['dropped'] = []
  for (const name of existing) {
    if (options.only && !options.only.includes(name)) continue
    dropped.push({ name, documents: await countDocuments(options, name) })
    await options.database.command(options.name, { drop: name })
  }
  return { ...(await seedDatabase(options)), dropped }
}

// internals

function refuseUnknown({ only }: InitializeOptions, known: readonly string[]): void {
  const unknown = only?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length === 0) return
  throw new LocalError('USAGE', `there is no collection ${unknown.join(', ')}`, {
    hint:
      known.length === 0
        ? 'the project has no database files'
        : `there are: ${[...new Set(known)].sort().join(', ')}`,
  })
}
