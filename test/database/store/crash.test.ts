import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import type { Durability, Storage } from '../../../database/engine/store/contract.ts'
import { checkFolder } from '../../../database/tools/check.ts'
import { RandomValues } from '../engine/random-values.ts'
import { Folder } from './folder.ts'

const WRITER = fileURLToPath(new URL('crash-writer.mjs', import.meta.url))
const THREAD = fileURLToPath(new URL('../../../dist/database/thread.js', import.meta.url))
/** 200 with `npm run test:slow`. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 10)
const ROUND_MS = 30_000

/** What the writer was told is stored, as of its death. */
interface Acknowledged {
  pair: number
  counter: number
  removed: Set<number>
  batch: number
  changed: Set<number>
}

const modes: [Storage, Durability, number][] = [
  ['journal', 'os', 100_000],
  ['journal', 'disk', 8 * 1024 * 1024],
  ['lmdb', 'os', 0],
  ['lmdb', 'disk', 0],
]

describe('a process killed while it writes loses nothing acknowledged, and leaves nothing half done', () => {
  test.concurrent.each(modes)(
    '%s, durability %s, checkpoint at %i bytes',
    async (storage, durability, checkpointBytes) => {
      using folder = new Folder()
      const random = new RandomValues(Date.now())
      const acknowledged: Acknowledged = {
        pair: 0,
        counter: 0,
        removed: new Set(),
        batch: 0,
        changed: new Set(),
      }
      for (let round = 0; round < ROUNDS; round++) {
        // Now and then it dies while it recovers.
        const afterMs = random.integer(4) === 0 ? random.integer(20) : 20 + random.integer(200)
        const arguments_ = [folder.path, storage, durability, String(checkpointBytes)]
        await writeUntilKilled(arguments_, afterMs, acknowledged)
        const report = await checkFolder(folder.path, storage)
        expect(report?.findings.filter(({ severity }) => severity === 'error')).toEqual([])
        await using database = folder.open({ storage, durability: 'none' })
        await checkPairs(database, acknowledged)
        await checkBatches(database, acknowledged)
      }
      expect(acknowledged.pair).toBeGreaterThan(0)
      expect(acknowledged.batch).toBeGreaterThan(0)
      // What is cut off was never acknowledged; only a journal that was torn in the middle of a write says so.
      expect(folder.warnings.filter((text) => !text.includes('were cut off'))).toEqual([])
    },
    ROUNDS * ROUND_MS,
  )
})

function writeUntilKilled(
  arguments_: readonly string[],
  afterMs: number,
  acknowledged: Acknowledged,
): Promise<void> {
  const child = spawn(process.execPath, [WRITER, THREAD, ...arguments_])
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    // The moment of death is counted from the first acknowledgement: starting up takes its own time.
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
    text += chunk.toString()
  })
  let problems = ''
  child.stderr.on('data', (chunk: Buffer) => {
    problems += chunk.toString()
  })
  return new Promise<void>((resolve, reject) => {
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') {
        reject(new Error(`the writer ended by itself: ${text.slice(-500)} ${problems}`))
        return
      }
      for (const line of text.split('\n').slice(0, -1)) note(line, acknowledged)
      resolve()
    })
  })
}

function note(line: string, acknowledged: Acknowledged): void {
  const [what, number] = line.split(' ') as [keyof Acknowledged, string]
  if (what === 'removed' || what === 'changed') acknowledged[what].add(Number(number))
  else acknowledged[what] = Number(number)
}

async function checkPairs(
  database: EmbeddedDatabase,
  { pair, counter, removed }: Acknowledged,
): Promise<void> {
  const ids = async (collection: string) =>
    (await documents(database, collection, { _id: 1 })).map(({ _id }) => _id as number)
  const left = await ids('left')
  expect(left.length).toBeGreaterThanOrEqual(pair)
  expect(left).toEqual(Array.from({ length: left.length }, (_, at) => at + 1))
  const right = new Set(await ids('right'))
  // A removal may have been stored without its acknowledgement having been read.
  const missing = left.filter((id) => !right.has(id))
  for (const id of removed) expect(right.has(id)).toBe(false)
  expect(missing.filter((id) => !removed.has(id) && (id % 5 !== 1 || id + 4 > left.length))).toEqual([])
  const [stored] = await documents(database, 'counter', { value: 1 })
  expect(Number(stored?.value ?? 0)).toBeGreaterThanOrEqual(counter)
}

async function checkBatches(database: EmbeddedDatabase, { batch, changed }: Acknowledged): Promise<void> {
  const batches = new Map<number, { count: number; values: Set<unknown> }>()
  for (const { batch: number, v } of await documents(database, 'batch', { batch: 1, v: 1 })) {
    const seen = batches.get(number as number) ?? { count: 0, values: new Set() }
    batches.set(number as number, seen)
    seen.count++
    seen.values.add(v)
  }
  const numbers = [...batches.keys()]
  for (const [number, { count, values }] of batches) {
    expect([number, count, values.size]).toEqual([number, 50, 1])
    if (changed.has(number)) expect([...values]).toEqual([1])
  }
  const last = Math.max(0, ...numbers)
  expect(last).toBeGreaterThanOrEqual(batch)
  // The last ten are there; older ones go with a removal that was acknowledged to nobody.
  for (let number = Math.max(1, last - 9); number <= last; number++) expect(numbers).toContain(number)
}

async function documents(
  database: EmbeddedDatabase,
  find: string,
  projection: Record<string, number>,
): Promise<Record<string, unknown>[]> {
  const { cursor } = await database.command('d', { find, projection, sort: { _id: 1 }, batchSize: 1_000_000 })
  return (cursor as { firstBatch: Record<string, unknown>[] }).firstBatch
}
