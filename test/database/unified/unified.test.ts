import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWired, type Wired } from '../wire/wired.ts'
import { EXPECTED_MISSES } from './expected-misses.ts'
import { UnifiedRunner } from './runner.ts'
import { haveSpecTests, isEligible, readSpecFiles, type SpecFile, type SpecTest } from './spec-file.ts'

/** MongoDB's own specification tests: the official driver against the wire server (spec/embedded-database.md §14). */
const FOLDERS = [
  'crud/tests/unified',
  'retryable-writes/tests/unified',
  'transactions/tests/unified',
  'transactions-convenient-api/tests/unified',
  'sessions/tests',
  'run-command/tests/unified',
  'collection-management/tests',
  'index-management/tests',
]

if (haveSpecTests()) {
  const used = new Set<string>()
  describe.each(FOLDERS)('%s', (folder) => {
    let wired: Wired
    let runner: UnifiedRunner

    beforeAll(async () => {
      wired = await startWired({ port: 0, testCommands: true })
      // As a member of a set, not as a server of its own: the driver sends other things then.
      runner = new UnifiedRunner(wired.uri.replace('directConnection=true', 'replicaSet=rs0'))
    })
    afterAll(async () => {
      await runner.close()
      await wired.close()
    })

    for (const [file, item] of eligible(folder)) {
      const name = `${file.path.slice(folder.length + 1)}: ${item.description}`
      const reason = EXPECTED_MISSES[file.path]?.[item.description]
      if (reason === undefined) {
        test(name, () => runner.run(file, item))
      } else {
        used.add(`${file.path} ${item.description}`)
        test(`(expected miss) ${name}`, () => runMiss(runner, file, item))
      }
    }
  })

  test('every expected miss is a test there is', () => {
    const listed = Object.entries(EXPECTED_MISSES).flatMap(([path, tests]) =>
      Object.keys(tests).map((description) => `${path} ${description}`),
    )
    expect(listed.filter((name) => !used.has(name))).toEqual([])
  })
} else {
  test('MongoDB specification tests are not beside the repository: nothing to replay', () => {})
}

function eligible(folder: string): [SpecFile, SpecTest][] {
  return readSpecFiles(folder).flatMap((file) =>
    file.tests.filter((item) => isEligible(file, item)).map((item): [SpecFile, SpecTest] => [file, item]),
  )
}

async function runMiss(runner: UnifiedRunner, file: SpecFile, item: SpecTest): Promise<void> {
  const failed = await runner.run(file, item).then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error('passes now: take it off the list of expected misses')
}
