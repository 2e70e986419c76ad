import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds `dist/` once per test run: instances and the database engine are threads, and a thread starts from a built
 * file. What the tests put into the system's folder for temporary files goes with the run; its name is short, because
 * paths of sockets are.
 */
export default function setup(): () => void {
  const script = fileURLToPath(new URL('../scripts/build.js', import.meta.url))
  execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] })
  const folder = mkdtempSync(path.join(tmpdir(), 'ul-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
