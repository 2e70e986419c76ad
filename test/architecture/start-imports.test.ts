import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { Transforms } from '../../runtime/host/transforms.ts'
import { packageRoot } from '../../runtime/package-info.ts'

interface Start {
  /** Our own files that are read before the first line runs. */
  files: string[]
  /** Packages and Node's own modules. */
  modules: string[]
}

const starts = new Map<string, Start>()

beforeAll(async () => {
  for (const file of ['cli/main.ts', 'cli/dev.ts', 'cli/run.ts', 'runtime/guest/worker.ts']) {
    starts.set(file, await startOf(file))
  }
})

/** Everything else a command or an instance needs comes when it is first used (shared design, decision 8). */
describe('packages loaded at start', () => {
  test.each([
    ['cli/main.ts', ['commander', 'picocolors']],
    ['cli/dev.ts', ['picocolors']],
    ['cli/run.ts', ['picocolors']],
    ['runtime/guest/worker.ts', []],
  ])('%s: %j', (file, expected) => {
    const packages = starts.get(file)?.modules.filter((name) => !name.startsWith('node:'))
    expect(packages?.sort()).toEqual(expected)
  })
})

test.each([
  ['cli/dev.ts', ['node:https', 'node:child_process', 'node:dns', 'node:zlib']],
  [
    'runtime/guest/worker.ts',
    ['node:http', 'node:https', 'node:net', 'node:dns', 'node:zlib', 'node:child_process', 'node:inspector'],
  ],
])('%s starts without %j', (file, absent) => {
  expect(starts.get(file)?.modules.filter((name) => absent.includes(name))).toEqual([])
})

test.each([
  // The database opens, Express answers and the sandbox pays when somebody asks for it.
  [
    'cli/dev.ts',
    ['database/engine/', 'database/api/', 'database/seed', 'runtime/gateway/control/app', 'sandbox/sandbox'],
  ],
  ['runtime/guest/worker.ts', ['database/', 'runtime/host/', 'runtime/gateway/', 'runtime/config/']],
])('%s starts without the code of %j', (file, absent) => {
  const files = starts.get(file)?.files.filter((name) => absent.some((start) => name.startsWith(start)))
  expect(files).toEqual([])
})

test('what ships with us was transformed when it was built', async () => {
  const cache = path.join(mkdtempSync(path.join(tmpdir(), 'unicloud-local-')), 'transforms')
  const transforms = new Transforms(cache)
  await transforms.ahead(['cloudobjects', 'common'].map((folder) => path.join(packageRoot, folder)))
  await transforms.close()
  expect(existsSync(cache)).toBe(false)
})

// internals

async function startOf(entry: string): Promise<Start> {
  const { metafile } = await build({
    absWorkingDir: packageRoot,
    entryPoints: [entry],
    outdir: 'unused',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  const files = new Set([entry])
  const modules = new Set<string>()
  for (const file of files) {
    for (const { path: target, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind === 'dynamic-import') continue
      if (external) modules.add(target)
      else files.add(target)
    }
  }
  return { files: [...files], modules: [...modules] }
}
