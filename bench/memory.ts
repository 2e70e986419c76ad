/** Memory of a space: idle, under load, and per idle instance (PSS of the whole process tree). */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Memory, median, memoryOf } from './measure.ts'
import { writeProject } from './project.ts'
import type { Report } from './report.ts'
import { devCommand, startServer } from './server.ts'

const run = promisify(execFile)

export async function benchMemory(report: Report, rounds: number): Promise<void> {
  const idle: Memory[] = []
  const loaded: Memory[] = []
  const each: Memory[] = []
  for (let round = 0; round < rounds; round++) {
    const project = await writeProject(12)
    const server = await startServer(devCommand(project.root))
    await pause(3000)
    idle.push(memoryOf(server.pid))
    for (let n = 0; n < 4; n++) await fetch(`${server.url}/f${n}`)
    await Promise.all([0, 1, 2, 3].map((n) => run('wrk', ['-t1', '-c12', '-d3s', `${server.url}/f${n}`])))
    loaded.push(memoryOf(server.pid))
    await pause(3000)
    const four = memoryOf(server.pid)
    for (let n = 4; n < 12; n++) await fetch(`${server.url}/f${n}`)
    await pause(3000)
    const twelve = memoryOf(server.pid)
    each.push({ pss: (twelve.pss - four.pss) / 8, own: (twelve.own - four.own) / 8 })
    await server.stop()
  }
  report.section(`Memory of the process tree, medians of ${rounds} rounds`)
  report.table(
    ['measure', 'PSS, MB', 'of its own, MB', 'target for PSS'],
    [
      ['idle space', ...cells(idle), '80'],
      ['under load, four instances', ...cells(loaded), '110'],
      ['each further idle instance', ...cells(each), '10'],
    ],
  )
}

// internals

function cells(list: readonly Memory[]): string[] {
  return [median(list.map(({ pss }) => pss)).toFixed(1), median(list.map(({ own }) => own)).toFixed(1)]
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
