// Builds `dist/`: one bundle per entry point (our own code only; packages stay external), and with
// `--types` the declaration files. Bundled so that a start opens few files (docs/architecture.md).
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every file that Node starts by itself: the command, the two public entries, the threads, and what is used below. */
const entries = {
  'cli/main': 'cli/main.ts',
  index: 'index.ts',
  'test-kit/index': 'test-kit/index.ts',
  'guest/worker': 'runtime/guest/worker.ts',
  'host/transforms': 'runtime/host/transforms.ts',
  'database/thread': 'database/engine/thread.ts',
}

if (process.argv.includes('--bench')) entries['bench/run'] = 'bench/run.ts'

const present = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(root + file)))

if (process.argv.includes('--clean') || process.argv.includes('--types')) {
  await rm(`${root}dist`, { recursive: true, force: true })
}

const shared = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
}

await build({
  ...shared,
  entryPoints: present,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
})

// Loaded in the middle of a function's own code, where nothing can be awaited.
await build({
  ...shared,
  entryPoints: { 'guest/database-client': 'runtime/guest/uni-cloud/database-client.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
})

// What ships with us in TypeScript becomes JavaScript here, and not at every user's first start.
const { Transforms } = await import('../dist/host/transforms.js')
const transforms = new Transforms(`${root}dist/transforms`)
await transforms.ahead([`${root}cloudobjects`, `${root}common`])
await transforms.close()

if (existsSync(`${root}dist/cli/main.js`)) await chmod(`${root}dist/cli/main.js`, 0o755)
if (process.argv.includes('--types')) {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' })
}
