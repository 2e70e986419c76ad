/** Start-up, cold starts and hot reload on a project of 50 functions. */
import { writeFile } from 'node:fs/promises'
import { median } from './measure.ts'
import { type BenchProject, writeProject } from './project.ts'
import type { Report } from './report.ts'
import { devCommand, type RunningServer, startServer } from './server.ts'

export async function benchStart(report: Report, rounds: number): Promise<void> {
  const smallest: Times = { first: [], cold: [], edit: [] }
  const typical: Times = { first: [], cold: [], edit: [] }
  for (let round = 0; round < rounds; round++) {
    await measure(await writeProject(50), smallest)
    await measure(await writeProject(50, { typical: true }), typical)
  }
  report.section(`Start and reload, project of 50 functions, medians of ${rounds} interleaved rounds`)
  report.table(
    ['measure, in ms', 'smallest function', 'TypeScript and database', 'target'],
    [
      ['process start to first answer', ...cells(smallest.first, typical.first), '500'],
      ['first call of another function', ...cells(smallest.cold, typical.cold), '60'],
      ['edit saved to first answer of the new code', ...cells(smallest.edit, typical.edit), '35'],
    ],
  )
}

// internals

interface Times {
  first: number[]
  cold: number[]
  edit: number[]
}

async function measure(project: BenchProject, times: Times): Promise<void> {
  const server = await startServer({ ...devCommand(project.root), probe: '/f0' })
  times.first.push(server.firstAnswerMs)
  // Let the start settle: these two are about a running space.
  await pause(500)
  for (let n = 1; n <= 10; n++) times.cold.push(await timed(() => call(server, n)))
  for (let version = 2; version <= 8; version++) times.edit.push(await editRound(server, project, version))
  await server.stop()
}

function cells(...lists: number[][]): string[] {
  return lists.map((list) => median(list).toFixed(1))
}

async function editRound(server: RunningServer, project: BenchProject, version: number): Promise<number> {
  await pause(150)
  const started = performance.now()
  await writeFile(project.entry(0), project.source(version))
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
