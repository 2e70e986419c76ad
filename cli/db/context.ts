/** What the `db` commands share: the database of the options, the project, and an end by Ctrl-C. */
import path from 'node:path'
import type { DatabaseProvider } from '../../database/api/profile.ts'
import type { OpenPlace } from '../../database/tools/open-place.ts'
import { LocalError } from '../../errors/errors.ts'
import type { SpaceOptions } from '../../runtime/config/options.ts'
import { databaseName } from '../../runtime/host/database-name.ts'
import { builtinRoots } from '../../runtime/package-info.ts'
import type { Manifest } from '../../runtime/project/manifest.ts'
import { type Flags, spaceOptions } from '../space-options.ts'
import { warn } from './print.ts'

/** The database the options name. */
export interface DatabaseTarget {
  options: SpaceOptions
  /** Folder of the embedded engine's files. */
  directory: string
  /** Folder of its snapshots. */
  snapshots: string
  /** MongoDB database name. */
  name: string
}

export async function databaseTarget(flags: Flags): Promise<DatabaseTarget> {
  const options = await spaceOptions(flags)
  return {
    options,
    directory: path.join(options.data, 'database'),
    snapshots: path.join(options.data, 'snapshots'),
    name: databaseName(options),
  }
}

/** @throws LocalError see `openPlace` */
export async function openTarget(
  { options, directory, name }: DatabaseTarget,
  { mustExist = false }: { mustExist?: boolean } = {},
): Promise<OpenPlace> {
  const { openPlace } = await import('../../database/tools/open-place.ts')
  return openPlace({
    setting: options.database,
    directory,
    storage: options.storage,
    name,
    mustExist,
    warn,
  })
}

/**
 * Refuses commands that work on files for databases that have none.
 * @throws LocalError USAGE
 */
export function requireEmbedded({ options }: DatabaseTarget, what: string): void {
  if (options.database === 'embedded') return
  throw new LocalError('USAGE', `${what} for the embedded database only`, {
    hint: 'a server has tools of its own, such as mongodump and mongorestore',
  })
}

/** @throws LocalError PROJECT_NOT_FOUND, PROJECT_AMBIGUOUS */
export async function readManifest({ options }: DatabaseTarget): Promise<Manifest> {
  const { readProject } = await import('../../runtime/project/read.ts')
  return readProject({ ...options, builtinRoots })
}

/** The project, if there is one: data can be moved without it. */
export async function projectIfAny(target: DatabaseTarget): Promise<Manifest | undefined> {
  try {
    return await readManifest(target)
  } catch (error) {
    if (error instanceof LocalError && error.code === 'PROJECT_NOT_FOUND') return undefined
    throw error
  }
}

/** Whose rules apply to values. */
export function providerOf({ options }: DatabaseTarget, project: Manifest | undefined): DatabaseProvider {
  return options.provider ?? project?.provider ?? 'aliyun'
}

/** Lets Ctrl-C end a long command between two steps: what is done stays done, and is told. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController()
  readonly #abort = (): void => this.#controller.abort(new Error('interrupted'))

  constructor() {
    process.once('SIGINT', this.#abort)
    process.once('SIGTERM', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Runs a step; one that was interrupted sets the exit code, any other failure goes on to the caller. */
  async run(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (!this.signal.aborted) throw error
      process.stderr.write('interrupted\n')
      process.exitCode = 130
    }
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#abort)
    process.off('SIGTERM', this.#abort)
  }
}
