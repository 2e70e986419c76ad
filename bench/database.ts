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
  for (const size of large ? [1000, 100_000, 1_000_000] : [1000, 100_000]) {
    const load = loadavg()[0]!
    // Memory first, while the heap holds nothing else.
    const memory = await measureMemory(size)
    const rows: Row[] = [
      ...(await measureReads(peers, size, repeats)),
      ...(peers ? await measureWrites(peers, size, repeats) : []),
      ...(await measureCarriers(size, repeats)),
      ...(await measureOpening(size, repeats)),
      memory,
      await measureInFunction(size, repeats),
    ]
    report.section(
      `Database, ${size.toLocaleString('en')} documents, medians of ${repeats} interleaved repeats (load ${load.toFixed(1)} to ${loadavg()[0]!.toFixed(1)})`,
    )
    report.table(rowHead, rows.map(rowCells))
  }
}

// internals

/** Bytes of heap for two databases of a million documents. */
const LARGE_HEAP = 6e9
