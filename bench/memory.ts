/** Memory of a space: idle, under load, and per idle instance (PSS of the whole process tree). */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../runtime/package-info.ts'
import { median, pssMB } from './measure.ts'
import { writeProject } from './project.ts'
import type { Report } from './report.ts'
import { startServer } from './server.ts'

const run = promisify(execFile)

export async function benchMemory(report: Report, rounds: number): Promise<void> {
  const idle: number[] = []
  const loaded: number[] = []
  const each: number[] = []
  for (let round = 0; round < rounds; round++) {
    const project = await writeProject(12)
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
      port: 7330,
      probe: '/_unicloud/api/health',
    })
    await pause(3000)
    idle.push(pssMB(server.pid))
    for (let n = 0; n < 4; n++) await fetch(`${server.url}/f${n}`)
    await Promise.all([0, 1, 2, 3].map((n) => run('wrk', ['-t1', '-c12', '-d3s', `${server.url}/f${n}`])))
    loaded.push(pssMB(server.pid))
    await pause(3000)
    const four = pssMB(server.pid)
    for (let n = 4; n < 12; n++) await fetch(`${server.url}/f${n}`)
    await pause(3000)
    each.push((pssMB(server.pid) - four) / 8)
    await server.stop()
  }
  report.section(`Memory, PSS of the process tree, medians of ${rounds} rounds`)
  report.table(
    ['measure', 'MB', 'target'],
    [
      ['idle space', median(idle).toFixed(0), '80'],
      ['under load, four instances', median(loaded).toFixed(0), '110'],
      ['each further idle instance', median(each).toFixed(1), '10'],
    ],
  )
}

// internals

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
