import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds `dist/` once per test run: instances and the database engine are threads, and a thread starts from a built file. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../scripts/build.js', import.meta.url))
  execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] })
}
