// Builds `dist/`: our own code bundled, packages stay external; with `--types` the declaration files, too. Bundled so
// that a start opens few files, and each start on its own, so that it reads nothing it does not need
// (docs/architecture.md).
import { execFileSync } from 'node:child_process'
import { chmod, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

const shared = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Every instance holds the text of its bundle in memory. Names stay, and lines, for the sake of stacks.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
}

const bundles = [
  // A command loads what it needs when it is called.
  { entryPoints: { 'cli/main': 'cli/main.ts' }, splitting: true, chunkNames: 'cli/[name]-[hash]' },
  {
    entryPoints: { index: 'index.ts', 'test-kit/index': 'test-kit/index.ts' },
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  },
  // Threads. The database's keeps apart what only some need: in one file, all of it would start at once.
  { entryPoints: { 'guest/worker': 'runtime/guest/worker.ts' } },
  {
    entryPoints: { 'database/thread': 'database/engine/thread.ts' },
    splitting: true,
    chunkNames: 'database/[name]-[hash]',
  },
  // Loaded in the middle of a function's own code, where nothing can be awaited.
  {
    entryPoints: { 'guest/database-client': 'runtime/guest/uni-cloud/database-client.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  },
  // Used below.
  { entryPoints: { 'host/transforms': 'runtime/host/transforms.ts' } },
]
if (process.argv.includes('--bench')) bundles.push({ entryPoints: { 'bench/run': 'bench/run.ts' } })

if (process.argv.includes('--clean') || process.argv.includes('--types')) {
  await rm(`${root}dist`, { recursive: true, force: true })
}
await Promise.all(bundles.map((bundle) => build({ ...shared, ...bundle })))

// What ships with us in TypeScript becomes JavaScript here, and not at every user's first start.
const { Transforms } = await import('../dist/host/transforms.js')
const transforms = new Transforms(`${root}dist/transforms`)
await transforms.ahead([`${root}cloudobjects`, `${root}common`])
await transforms.close()

await chmod(`${root}dist/cli/main.js`, 0o755)
if (process.argv.includes('--types')) {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' })
}
