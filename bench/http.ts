/** Hello-world throughput over HTTP, each server in turn, several rounds, as ratios to bare Express of the same run. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../runtime/package-info.ts'
import { cpuMicros, median } from './measure.ts'
import { writeProject } from './project.ts'
import type { Report } from './report.ts'
import { type RunningServer, type ServerCommand, startServer } from './server.ts'

const run = promisify(execFile)

export interface HttpOptions {
  rounds: number
  seconds: number
  connections: number
}

interface Candidate extends ServerCommand {
  name: string
}

/** @throws Error when `wrk` is missing */
export async function benchHttp(report: Report, options: HttpOptions): Promise<void> {
  await run('wrk', ['--version']).catch((error: NodeJS.ErrnoException) => {
    // `wrk --version` exits with 1 after printing it; only a missing program is an error.
    if (error.code === 'ENOENT') throw new Error('wrk is missing: apt-get install wrk')
  })
  const candidates = await listCandidates()
  const results = new Map(candidates.map(({ name }) => [name, { rate: [] as number[], cpu: [] as number[] }]))
  for (let round = 0; round < options.rounds; round++) {
    for (const candidate of candidates) {
      const server = await startServer(candidate)
      await load(server, candidate.probe, { ...options, seconds: 1 })
      const before = cpuMicros(server.pid)
      const { rate, requests } = await load(server, candidate.probe, options)
      const cpu = (cpuMicros(server.pid) - before) / requests
      await server.stop()
      results.get(candidate.name)?.rate.push(rate)
      results.get(candidate.name)?.cpu.push(cpu)
    }
  }
  const baseline = median(results.get('express 5')?.rate ?? [])
  report.section(
    `Hello world over HTTP, ${options.connections} connections, medians of ${options.rounds} interleaved rounds`,
  )
  report.table(
    ['server', 'requests/s', 'x express', 'CPU µs/request'],
    [...results].map(([name, { rate, cpu }]) => [
      name,
      Math.round(median(rate)).toLocaleString('en'),
      (median(rate) / baseline).toFixed(2),
      median(cpu).toFixed(0),
    ]),
  )
}

// internals

async function load(
  server: RunningServer,
  probe: string,
  options: HttpOptions,
): Promise<{ rate: number; requests: number }> {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, `${server.url}${probe}`]
  const { stdout } = await run('wrk', args)
  const requests = Number(stdout.match(/(\d+) requests in/)?.[1])
  const rate = Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)?.[1])
  const bad = stdout.match(/Non-2xx.*|Socket errors.*/)?.[0]
  if (bad || !requests) throw new Error(`${server.url}${probe}: ${bad ?? stdout}`)
  return { rate, requests }
}

async function listCandidates(): Promise<Candidate[]> {
  const shared = await writeProject(1)
  const single = await writeProject(1, { concurrency: 1 })
  const servers = path.join(packageRoot, 'bench', 'servers')
  const own: Candidate[] = [
    ours('unicloud-local', shared.root),
    ours('unicloud-local, one call at a time per instance', single.root),
    ours('unicloud-local, --request-log quiet', shared.root, ['--request-log', 'quiet']),
    {
      name: 'node:http',
      command: [process.execPath, path.join(servers, 'node-http.js')],
      probe: '/',
    },
    {
      name: 'express 5',
      command: [process.execPath, path.join(servers, 'express.js')],
      probe: '/',
    },
  ]
  return [...own, ...peers()]
}

/** Its log goes to a pipe that somebody reads, as in a terminal or a container. */
function ours(name: string, project: string, flags: readonly string[] = []): Candidate {
  const main = path.join(packageRoot, 'dist/cli/main.js')
  return {
    name,
    command: [process.execPath, main, 'dev', '--project', project, '--port', '{port}', ...flags],
    probe: '/f0',
  }
}

/** Other emulators, when `npm ci` was run in bench/peers. */
function peers(): Candidate[] {
  const folder = path.join(packageRoot, 'bench', 'peers')
  const bin = path.join(folder, 'node_modules', '.bin')
  if (!existsSync(bin)) return []
  const node = process.execPath
  const cwd = folder
  return [
    {
      name: '@google-cloud/functions-framework',
      command: [node, `${bin}/functions-framework`, '--target=hello', '--source=google.js', '--port={port}'],
      cwd,
      probe: '/',
    },
    {
      name: '@cloudbase/functions-framework',
      command: [node, `${bin}/tcb-ff`, '--source=cloudbase.js', '--port={port}'],
      cwd,
      probe: '/',
    },
    {
      name: 'serverless-offline (in process)',
      command: [
        node,
        `${bin}/serverless`,
        'offline',
        '--httpPort={port}',
        '--lambdaPort={other port}',
        '--useInProcess',
      ],
      cwd: path.join(folder, 'serverless'),
      env: { SLS_TELEMETRY_DISABLED: '1' },
      probe: '/hello',
    },
    {
      name: 'serverless-offline (threads)',
      command: [node, `${bin}/serverless`, 'offline', '--httpPort={port}', '--lambdaPort={other port}'],
      cwd: path.join(folder, 'serverless'),
      env: { SLS_TELEMETRY_DISABLED: '1' },
      probe: '/hello',
    },
    { name: 'miniflare', command: [node, 'miniflare.js'], cwd, probe: '/' },
  ]
}
