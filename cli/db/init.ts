/** `unicloud-local db init` and `db reset` */
import { createInterface } from 'node:readline/promises'
import type { SeedOutcome } from '../../database/seed.ts'
import { listCollections } from '../../database/tools/collections.ts'
import { initializeDatabase, resetDatabase } from '../../database/tools/initialize.ts'
import type { OpenPlace } from '../../database/tools/open-place.ts'
import { setAside } from '../../database/tools/set-aside.ts'
import { LocalError } from '../../errors/errors.ts'
import type { Manifest } from '../../runtime/project/manifest.ts'
import type { Flags } from '../space-options.ts'
import { type DatabaseTarget, databaseTarget, openTarget, providerOf, readManifest } from './context.ts'
import { count, note, number, say, seedReporter, shownPath, table } from './print.ts'

/** Applies the project's database files. Exit code 1 when something in them is wrong. */
export async function initCommand(only: string[], flags: Flags): Promise<void> {
  const target = await databaseTarget(flags)
  const project = await readManifest(target)
  await using place = await openTarget(target)
  const reporter = seedReporter()
  const outcome = await initializeDatabase(seeding(target, project, place, only, reporter))
  if (flags.json) say(JSON.stringify(outcome.seeded, undefined, 2))
  else print(outcome, [])
  if (reporter.errors > 0) process.exitCode = 1
}

/** Drops collections and applies the project's database files to what is then missing. */
export async function resetCommand(only: string[], flags: Flags): Promise<void> {
  const target = await databaseTarget(flags)
  const project = await readManifest(target)
  const { place, saved } = await openForReset(target, only, flags)
  await using opened = place
  if (saved === undefined) await confirmReset(opened, only, flags)
  else note(`the damaged files of the database were kept in ${shownPath(saved)}`)
  const reporter = seedReporter()
  const outcome = await resetDatabase(seeding(target, project, opened, only, reporter))
  const { dropped, seeded } = outcome
  if (flags.json) say(JSON.stringify({ dropped, seeded }, undefined, 2))
  else print(outcome, dropped)
  if (reporter.errors > 0) process.exitCode = 1
}

// internals

function seeding(
  target: DatabaseTarget,
  project: Manifest,
  place: OpenPlace,
  only: readonly string[],
  { report }: ReturnType<typeof seedReporter>,
) {
  return {
    ...place,
    provider: providerOf(target, project),
    files: project.databaseFiles,
    report,
    ...(only.length > 0 ? { only } : {}),
  }
}

/** A database too damaged to be opened can only be set aside as a whole. */
async function openForReset(
  target: DatabaseTarget,
  only: readonly string[],
  flags: Flags,
): Promise<{ place: OpenPlace; saved?: string }> {
  try {
    return { place: await openTarget(target) }
  } catch (error) {
    const broken = error instanceof LocalError && error.code === 'DATA_UNUSABLE' && only.length === 0
    if (!broken) throw error
    note(error.message)
    await confirm('Set the damaged files aside and begin a new database?', flags, error)
    const saved = setAside(target.directory)
    return { place: await openTarget(target), saved }
  }
}

async function confirmReset(place: OpenPlace, only: readonly string[], flags: Flags): Promise<void> {
  const existing = await listCollections(place)
  const doomed = only.length > 0 ? existing.filter((name) => only.includes(name)) : existing
  if (doomed.length === 0) return
  let documents = 0
  for (const name of doomed)
    documents += Number((await place.database.command(place.name, { count: name })).n)
  const what = `${count(doomed.length, 'collection')} with ${count(documents, 'document')} in ${place.shown}`
  await confirm(`Drop ${what}, and make anew what the project's files describe?`, flags)
}

/** @throws LocalError USAGE when the answer is no, or nobody can be asked */
async function confirm(question: string, flags: Flags, cause?: unknown): Promise<void> {
  if (flags.yes) return
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new LocalError('USAGE', `${question} Nobody is there to answer`, {
      hint: '--yes answers it beforehand',
      cause,
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new LocalError('USAGE', 'nothing was changed', { cause })
}

function print({ seeded }: SeedOutcome, dropped: readonly { name: string; documents: number }[]): void {
  const names = [...new Set([...dropped.map(({ name }) => name), ...Object.keys(seeded)])].sort()
  const rows = names.map((name) => {
    const before = dropped.find((collection) => collection.name === name)
    const now = seeded[name]
    const gone = before && `dropped (${count(before.documents, 'document')})`
    if (!now) return [name, gone ?? '', '']
    const { created, indexes, documents, skipped = 0 } = now
    const parts = [
      `${count(indexes, 'index', 'indexes')}${created ? '' : ' added'}`,
      `${count(documents, 'document')}${created ? '' : ' added'}`,
      ...(skipped > 0 ? [`${number(skipped)} skipped, already there`] : []),
    ]
    const done = before ? `${gone}, made anew` : created ? 'created' : 'was there'
    return [name, done, parts.join(', ')]
  })
  if (rows.length === 0) say('nothing to do: the project has no database files')
  else process.stdout.write(table(rows))
}
