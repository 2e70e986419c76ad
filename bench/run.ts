/**
 * `npm run bench`: every figure of docs/benchmarks.md. `-- http start` runs only those; `--quick` fewer rounds,
 * `--large` a database of a million documents as well.
 */
import { availableParallelism, cpus } from 'node:os'
import { benchDatabase } from './database.ts'
import { benchHttp } from './http.ts'
import { benchMemory } from './memory.ts'
import { benchPayments } from './payments.ts'
import { Report } from './report.ts'
import { benchStart } from './start.ts'
import { benchTimers } from './timers.ts'

const quick = process.argv.includes('--quick')
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const rounds = quick ? 1 : 5

const suites: Record<string, (report: Report) => Promise<void>> = {
  http: (report) => benchHttp(report, { rounds, seconds: quick ? 2 : 4, connections: 50 }),
  start: (report) => benchStart(report, rounds),
  memory: (report) => benchMemory(report, Math.min(rounds, 3)),
  database: (report) => benchDatabase(report, { repeats: rounds, large: process.argv.includes('--large') }),
  payments: (report) => benchPayments(report, { seconds: quick ? 5 : 30, rounds: quick ? 50 : 300 }),
  timers: (report) => benchTimers(report, rounds),
}

const unknown = chosen.filter((name) => !(name in suites))
if (unknown.length > 0) {
  process.stderr.write(`no suite ${unknown.join(', ')}; there are: ${Object.keys(suites).join(', ')}\n`)
  process.exit(2)
}

const report = new Report()
report.text(
  `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}`,
)
for (const [name, suite] of Object.entries(suites)) {
  if (chosen.length === 0 || chosen.includes(name)) await suite(report)
}
