/** The database beside nedb, mingo and the driver's ping: every row of spec/embedded-database.md §16. */
import { loadavg } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { measureCarriers } from './database/carriers.ts'
import { measureInFunction } from './database/in-function.ts'
import { measureMemory, measureOpening } from './database/opening.ts'
import { loadPeers } from './database/peers.ts'
import { measureReads } from './database/reads.ts'
import { type Row, rowCells, rowHead } from './database/rows.ts'
import { measureWrites } from './database/writes.ts'
import type { Report } from './report.ts'

export interface DatabaseOptions {
  /** Repeats of each measure; both sides of a ratio take turns in each. */
  repeats: number
  /** With a million documents as well. */
  large: boolean
}

export async function benchDatabase(report: Report, { repeats, large }: DatabaseOptions): Promise<void> {
  if (large && getHeapStatistics().heap_size_limit < LARGE_HEAP) {
    throw new Error(
      'a million documents take more memory: NODE_OPTIONS=--max-old-space-size=8192 npm run bench -- …',
    )
  }
  const peers = loadPeers()
  if (!peers)
    report.text('nedb and mingo are not installed (cd bench/peers && npm i): their rows are missing')
  for (const size of large ? [1000, 100_000, LARGE] : [1000, 100_000]) {
    const load = loadavg()[0]!
    const rounds = size === LARGE ? Math.min(repeats, LARGE_REPEATS) : repeats
    // Memory first, while the heap holds nothing else.
    const memory = await timedStep(size, 'memory', async () => [await measureMemory(size)])
    const rows: Row[] = [
      ...(await timedStep(size, 'reads', () => measureReads(peers, size, rounds))),
      ...(peers ? await timedStep(size, 'writes', () => measureWrites(peers, size, rounds)) : []),
      ...(await timedStep(size, 'port and wire', () => measureCarriers(size, rounds))),
      ...(await timedStep(size, 'opening', () => measureOpening(size, rounds))),
      ...memory,
      ...(await timedStep(size, 'a function', async () => [await measureInFunction(size, rounds)])),
    ]
    report.section(
      `Database, ${size.toLocaleString('en')} documents, medians of ${rounds} interleaved repeats (load ${load.toFixed(1)} to ${loadavg()[0]!.toFixed(1)})`,
    )
    report.table(rowHead, rows.map(rowCells))
  }
}

// internals

const LARGE = 1_000_000
/** Filling takes most of the time there, and one scan a good part of a second. */
const LARGE_REPEATS = 3
/** Bytes of heap for two databases of a million documents. */
const LARGE_HEAP = 6e9

/** Says on stderr what is being done, and how long it took: with a million documents it takes minutes. */
async function timedStep(size: number, name: string, work: () => Promise<Row[]>): Promise<Row[]> {
  process.stderr.write(`${size.toLocaleString('en')} documents: ${name} … `)
  const started = performance.now()
  const rows = await work()
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0)} s\n`)
  return rows
}
