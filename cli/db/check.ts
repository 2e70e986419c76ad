/** `unicloud-local db check` */

import type { Finding } from '../../database/engine/verify/finding.ts'
import { checkFolder, validateCollections } from '../../database/tools/check.ts'
import { folderProblem, servingOwner } from '../../database/tools/open-place.ts'
import type { Flags } from '../space-options.ts'
import { type DatabaseTarget, databaseTarget, openTarget } from './context.ts'
import { count, note, number, Progress, remark, say, shownPath, size, table } from './print.ts'

/** Checks files and indexes of the database. Exit code 1 when something is wrong. */
export async function checkCommand(flags: Flags): Promise<void> {
  const target = await databaseTarget(flags)
  const findings = [
    ...(target.options.database === 'embedded' ? await checkFiles(target, flags) : []),
    ...(await checkRunning(target, flags)),
  ]
  if (flags.json) say(JSON.stringify(findings, undefined, 2))
  else for (const finding of findings) print(finding)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (errors > 0) {
    process.exitCode = 1
    if (!flags.json) say(`${count(errors, 'error')} found`)
    note(advice)
  } else if (!flags.json) say('no errors found')
}

// internals

const advice =
  'Go back to a snapshot (db snapshot list), or save what can still be read with db export and begin anew with db reset.'

async function checkFiles({ directory, options }: DatabaseTarget, flags: Flags): Promise<readonly Finding[]> {
  using progress = new Progress()
  const show = (namespace: string) => progress.show(`checking ${namespace}`)
  const report = await checkFolder(directory, options.storage, show).catch((error: unknown) => {
    throw folderProblem(error)
  })
  progress.clear()
  if (flags.json) return report?.findings ?? []
  if (!report) {
    say(`there is no database in ${shownPath(directory)} yet`)
    return []
  }
  const copied = report.copied ? ' (in use: a copy was checked)' : ''
  const commits =
    options.storage === 'lmdb' ? '' : `, ${count(report.commits, 'commit')} since the last checkpoint`
  say(`${shownPath(directory)}${copied}: ${size(report.bytes)}${commits}`)
  process.stdout.write(
    table(
      report.collections.map(({ database, name, documents, bytes, indexes }) => [
        `  ${database}.${name}`,
        count(documents, 'document'),
        size(bytes),
        count(indexes, 'index', 'indexes'),
      ]),
    ),
  )
  return report.findings
}

/** What is in memory can only be checked by the process that has it. */
async function checkRunning(target: DatabaseTarget, flags: Flags): Promise<Finding[]> {
  if (target.options.database === 'embedded') {
    const owner = await servingOwner(target.directory).catch(() => undefined)
    if (!owner) return []
  }
  await using place = await openTarget(target)
  const findings: Finding[] = []
  let documents = 0
  let collections = 0
  using progress = new Progress()
  for await (const collection of validateCollections(place)) {
    findings.push(...collection.findings)
    documents += collection.documents
    collections++
    progress.show(`checking ${place.name}.${collection.name}`)
  }
  progress.clear()
  const checked = `${count(collections, 'collection')} with ${number(documents)} documents`
  if (!flags.json) say(`${place.shown}: ${checked} checked in the running database`)
  return findings
}

function print({ severity, file, collection, message }: Finding): void {
  const about = [file, collection].filter((part) => part !== undefined).join(', ')
  remark(severity, `${about === '' ? '' : `${about}: `}${message}`)
}
