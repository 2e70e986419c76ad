import { describe, expect, test } from 'vitest'
import type { DatabaseError, SessionHandle } from '../../../database/command.ts'
import { RandomValues } from '../engine/random-values.ts'
import { openDatabase } from '../open.ts'

type State = Map<number, number>

/** What one open transaction may see and do, worked out on whole copies of the data. */
interface Model {
  snapshot: State
  writes: Map<number, number | undefined>
  /** Ids that others have committed since the snapshot. */
  changed: Set<number>
}

interface Open {
  session: SessionHandle
  model: Model
}

const ROUNDS = Number(process.env.TRANSACTION_ROUNDS ?? 30)
const IDS = 6

describe('random interleavings behave as the model does', () => {
  test.each(Array.from({ length: 6 }, (_, seed) => seed + 1))('seed %i', async (seed) => {
    const random = new RandomValues(seed)
    for (let round = 0; round < ROUNDS; round++) await new Interleaving(random).run()
  })
})

class Interleaving {
  readonly #random: RandomValues
  readonly #database = openDatabase()
  readonly #open: Open[] = []
  #committed: State = new Map()

  constructor(random: RandomValues) {
    this.#random = random
  }

  async run(): Promise<void> {
    const database = this.#database
    await database.command('d', { insert: 'left', documents: [0, 1, 2].map((_id) => ({ _id, v: 0 })) })
    await database.command('d', { insert: 'right', documents: [0, 1, 2].map((_id) => ({ _id, v: 0 })) })
    if (this.#random.integer(2) === 0)
      await database.command('d', { createIndexes: 'left', indexes: [{ key: { v: 1 }, name: 'v' }] })
    this.#committed = new Map([0, 1, 2].map((id) => [id, 0]))
    for (let step = 0; step < 40; step++) await this.#step()
    for (const open of [...this.#open]) await this.#commit(open)
    await this.#compareAll()
    await database.close()
  }

  async #step(): Promise<void> {
    const kind = this.#random.integer(10)
    if (this.#open.length === 0 || (kind === 0 && this.#open.length < 4)) return this.#begin()
    const open = this.#random.pick(this.#open)
    if (kind === 1) return this.#commit(open)
    if (kind === 2) return this.#abort(open)
    if (kind <= 4) return this.#read(open)
    if (kind === 5) return this.#plainWrite()
    return this.#write(open)
  }

  async #begin(): Promise<void> {
    const session = this.#database.startSession()
    await session.startTransaction()
    this.#open.push({
      session,
      model: { snapshot: new Map(this.#committed), writes: new Map(), changed: new Set() },
    })
  }

  async #read({ session, model }: Open): Promise<void> {
    const visible = view(model)
    expect(await this.#contents('left', session)).toEqual(visible)
    expect(await this.#contents('right', session)).toEqual(visible)
    const v = this.#random.integer(4)
    const reply = await this.#database.command('d', { find: 'left', filter: { v: { $gte: v } } }, { session })
    const found = (reply.cursor as { firstBatch: { _id: number }[] }).firstBatch.map(({ _id }) => _id)
    expect(found.sort()).toEqual([...visible].filter(([, value]) => value >= v).map(([id]) => id))
  }

  async #write(open: Open): Promise<void> {
    const { session, model } = open
    const id = this.#random.integer(IDS)
    const visible = view(model)
    const kind = this.#random.integer(3)
    if (kind > 0 && !visible.has(id)) return
    const next = kind === 2 ? undefined : kind === 1 ? (visible.get(id) ?? 0) + 1 : 0
    const expected = kind === 0 && visible.has(id) ? 11000 : this.#conflicts(open, id) ? 112 : undefined
    for (const collection of ['left', 'right']) {
      const code = await codeOf(() => this.#database.command('d', command(kind, collection, id), { session }))
      expect({ kind, id, code }).toEqual({ kind, id, code: expected })
      if (expected === undefined) continue
      // The failure has ended the transaction.
      this.#open.splice(this.#open.indexOf(open), 1)
      await expect(session.commitTransaction()).rejects.toMatchObject({
        code: 251,
        errorLabels: ['TransientTransactionError'],
      })
      return
    }
    model.writes.set(id, next)
  }

  /** A write outside transactions; one that an open transaction would hold up is tested elsewhere. */
  async #plainWrite(): Promise<void> {
    const id = this.#random.integer(IDS)
    if (this.#open.some(({ model }) => model.writes.has(id))) return
    for (const collection of ['left', 'right']) {
      await this.#database.command('d', {
        update: collection,
        updates: [{ q: { _id: id }, u: { $inc: { v: 1 } } }],
      })
    }
    if (this.#committed.has(id)) this.#apply(new Map([[id, this.#committed.get(id)! + 1]]))
  }

  async #commit(open: Open): Promise<void> {
    this.#open.splice(this.#open.indexOf(open), 1)
    await open.session.commitTransaction()
    this.#apply(open.model.writes)
    await this.#compareAll()
  }

  async #abort(open: Open): Promise<void> {
    this.#open.splice(this.#open.indexOf(open), 1)
    await open.session.abortTransaction()
    await this.#compareAll()
  }

  #apply(writes: ReadonlyMap<number, number | undefined>): void {
    for (const [id, value] of writes) {
      if (value === undefined) this.#committed.delete(id)
      else this.#committed.set(id, value)
      for (const { model } of this.#open) model.changed.add(id)
    }
  }

  #conflicts(open: Open, id: number): boolean {
    if (this.#open.some((other) => other !== open && other.model.writes.has(id))) return true
    if (open.model.writes.has(id) || !open.model.changed.has(id)) return false
    // Inserting what others have inserted and removed again meets nobody.
    return open.model.snapshot.has(id) || this.#committed.has(id)
  }

  async #compareAll(): Promise<void> {
    expect(await this.#contents('left')).toEqual(this.#committed)
    expect(await this.#contents('right')).toEqual(this.#committed)
  }

  async #contents(collection: string, session?: SessionHandle): Promise<State> {
    const reply = await this.#database.command(
      'd',
      { find: collection, sort: { _id: 1 } },
      session ? { session } : {},
    )
    return new Map(
      (reply.cursor as { firstBatch: { _id: number; v: number }[] }).firstBatch.map(({ _id, v }) => [_id, v]),
    )
  }
}

function view({ snapshot, writes }: Model): State {
  const state = new Map(snapshot)
  for (const [id, value] of writes) {
    if (value === undefined) state.delete(id)
    else state.set(id, value)
  }
  return new Map([...state].sort(([a], [b]) => a - b))
}

function command(kind: number, collection: string, id: number): Record<string, unknown> {
  if (kind === 0) return { insert: collection, documents: [{ _id: id, v: 0 }] }
  if (kind === 1) return { update: collection, updates: [{ q: { _id: id }, u: { $inc: { v: 1 } } }] }
  return { delete: collection, deletes: [{ q: { _id: id }, limit: 1 }] }
}

async function codeOf(run: () => Promise<Record<string, unknown>>): Promise<number | undefined> {
  try {
    const { writeErrors } = await run()
    return (writeErrors as { code: number }[] | undefined)?.[0]?.code
  } catch (error) {
    return (error as DatabaseError).code
  }
}
