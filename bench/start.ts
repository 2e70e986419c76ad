/** Start-up, cold starts and hot reload on a project of 50 functions. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { packageRoot } from '../runtime/package-info.ts'
import { median } from './measure.ts'
import { functionSource, writeProject } from './project.ts'
import type { Report } from './report.ts'
import { type RunningServer, startServer } from './server.ts'

export async function benchStart(report: Report, rounds: number): Promise<void> {
  const first: number[] = []
  const cold: number[] = []
  const edit: number[] = []
  for (let round = 0; round < rounds; round++) {
    const project = await writeProject(50)
    const server = await startServer({
      command: [
        process.execPath,
        path.join(packageRoot, 'dist/cli/main.js'),
        'dev',
        '--project',
        project.root,
        '--port',
        '{port}',
      ],
      port: 7320,
      probe: '/f0',
    })
    first.push(server.firstAnswerMs)
    // Let the start settle: these two are about a running space.
    await pause(500)
    for (let n = 1; n <= 10; n++) cold.push(await timed(() => call(server, n)))
    for (let version = 2; version <= 8; version++)
      edit.push(await editRound(server, project.entry(0), version))
    await server.stop()
  }
  report.section(`Start and reload, project of 50 functions, medians of ${rounds} rounds`)
  report.table(
    ['measure', 'ms', 'target'],
    [
      ['process start to first answer', median(first).toFixed(0), '500'],
      ['first call of another function', median(cold).toFixed(1), '60'],
      ['edit saved to first answer of the new code', median(edit).toFixed(1), '35'],
    ],
  )
}

// internals

async function editRound(server: RunningServer, file: string, version: number): Promise<number> {
  await pause(150)
  const started = performance.now()
  await writeFile(file, functionSource(version))
  while ((await call(server, 0)).version !== version) {
    if (performance.now() - started > 10_000) throw new Error('the edit was not picked up within 10 s')
  }
  return performance.now() - started
}

async function call(server: RunningServer, n: number): Promise<{ version: number }> {
  const response = await fetch(`${server.url}/f${n}`)
  return (await response.json()) as { version: number }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
