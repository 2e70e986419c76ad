import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Durability } from '../../../database/engine/store/contract.ts'
import { RandomValues } from '../engine/random-values.ts'
import { Folder } from './folder.ts'

const WRITER = fileURLToPath(new URL('crash-writer.mjs', import.meta.url))
const THREAD = fileURLToPath(new URL('../../../dist/database/thread.js', import.meta.url))
/** 200 in a nightly run. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 5)

/** What the writer was told is stored, as of its death. */
interface Acknowledged {
  pair: number
  counter: number
  removed: Set<number>
}

test.each<[Durability, number]>([
  ['os', 8 * 1024 * 1024],
  ['os', 20_000],
  ['disk', 20_000],
])(
  'a process killed while it writes loses nothing acknowledged (%s, checkpoint at %i bytes)',
  { timeout: 120_000 },
  async (durability, checkpointBytes) => {
    using folder = new Folder()
    const random = new RandomValues(Date.now())
    const acknowledged: Acknowledged = { pair: 0, counter: 0, removed: new Set() }
    for (let round = 0; round < ROUNDS; round++) {
      await writeUntilKilled(folder, durability, checkpointBytes, 150 + random.integer(400), acknowledged)
      await check(folder, acknowledged)
    }
    expect(acknowledged.pair).toBeGreaterThan(0)
    expect(folder.warnings).toEqual([])
  },
)

function writeUntilKilled(
  folder: Folder,
  durability: string,
  checkpointBytes: number,
  afterMs: number,
  acknowledged: Acknowledged,
) {
  const child = spawn(process.execPath, [WRITER, THREAD, folder.path, durability, String(checkpointBytes)])
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    // The moment of death is counted from the first acknowledgement: starting up takes its own time.
    if (killAt === undefined) killAt = setTimeout(() => child.kill('SIGKILL'), afterMs)
  })
  let killAt: NodeJS.Timeout | undefined
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
  const [what, number] = line.split(' ')
  if (what === 'removed') acknowledged.removed.add(Number(number))
  else acknowledged[what as 'pair' | 'counter'] = Number(number)
}

async function check(folder: Folder, { pair, counter, removed }: Acknowledged): Promise<void> {
  await using database = folder.open()
  const ids = async (collection: string) => {
    const reply = await database.command('d', {
      find: collection,
      projection: { _id: 1 },
      sort: { _id: 1 },
      batchSize: 1_000_000,
    })
    return (reply.cursor as { firstBatch: { _id: number }[] }).firstBatch.map(({ _id }) => _id)
  }
  const left = await ids('left')
  expect(left.length).toBeGreaterThanOrEqual(pair)
  expect(left).toEqual(Array.from({ length: left.length }, (_, at) => at + 1))
  const right = new Set(await ids('right'))
  // A removal may have been stored without its acknowledgement having been read.
  const missing = left.filter((id) => !right.has(id))
  for (const id of removed) expect(right.has(id)).toBe(false)
  expect(missing.filter((id) => !removed.has(id) && (id % 5 !== 1 || id + 4 > left.length))).toEqual([])
  const stored = await database.command('d', { find: 'counter' })
  const [document] = (stored.cursor as { firstBatch: { value: number }[] }).firstBatch
  expect(document?.value ?? 0).toBeGreaterThanOrEqual(counter)
}
