import type { RunCommandCursor } from 'mongodb'
import { fail } from '../engine/errors.ts'
import type { Doc } from '../engine/values/types.ts'
import { plainValues } from './driver-values.ts'

/** A cursor of the driver's, held for a client that reads it batch by batch. */
interface OpenCursor {
  readonly cursor: RunCommandCursor
  readonly namespace: string
  readonly owner: object | undefined
  lastUse: number
}

/** The cursors clients of the waist have open, by ids of our own. */
export class OpenCursors {
  readonly #cursors = new Map<number, OpenCursor>()
  #lastId = Math.floor(Math.random() * 2 ** 40)

  /**
   * The reply to the command that has opened a cursor.
   * @param hold true when the first batch shall be empty: what has come stays for the first `getMore`
   */
  async first(
    cursor: RunCommandCursor,
    owner: object | undefined,
    hold: boolean,
    single: boolean,
  ): Promise<Doc> {
    await cursor.hasNext()
    const firstBatch = hold ? [] : batchOf(cursor, undefined)
    const namespace = cursor.namespace.toString()
    if (single || (!hold && isDone(cursor))) {
      await cursor.close()
      return { cursor: { firstBatch, id: 0, ns: namespace }, ok: 1 }
    }
    const id = ++this.#lastId
    this.#cursors.set(id, { cursor, namespace, owner, lastUse: performance.now() })
    this.#expire()
    return { cursor: { firstBatch, id, ns: namespace }, ok: 1 }
  }

  /**
   * `getMore`
   * @throws DatabaseError 43 for an unknown id, 13 for another namespace
   */
  async next(database: string, command: Doc): Promise<Doc> {
    const id = Number(command.getMore)
    const open = this.#cursors.get(id) ?? fail(43, `cursor id ${id} not found`)
    const { cursor, namespace } = open
    const asked = `${database}.${String(command.collection)}`
    if (asked !== namespace) {
      fail(
        13,
        `Requested getMore on namespace '${asked}', but cursor belongs to a different namespace ${namespace}`,
      )
    }
    open.lastUse = performance.now()
    const size = command.batchSize === undefined ? undefined : Number(command.batchSize)
    try {
      if (size) cursor.setBatchSize(size)
      if (cursor.bufferedCount() === 0) await cursor.hasNext()
      const nextBatch = batchOf(cursor, size || undefined)
      if (isDone(cursor)) await this.#close(id)
      return { cursor: { nextBatch, id: this.#cursors.has(id) ? id : 0, ns: namespace }, ok: 1 }
    } catch (error) {
      await this.#close(id)
      throw error
    }
  }

  /** `killCursors` */
  async kill(command: Doc): Promise<Doc> {
    const killed: unknown[] = []
    const missing: unknown[] = []
    for (const id of Array.isArray(command.cursors) ? command.cursors : []) {
      ;((await this.#close(Number(id))) ? killed : missing).push(id)
    }
    return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [], ok: 1 }
  }

  /** Closes what a client that is gone has left open; all there is, without one. */
  async release(owner?: object): Promise<void> {
    const left = [...this.#cursors].filter(([, open]) => owner === undefined || open.owner === owner)
    await Promise.all(left.map(([id]) => this.#close(id)))
  }

  // internals

  async #close(id: number): Promise<boolean> {
    const open = this.#cursors.get(id)
    this.#cursors.delete(id)
    // The server forgets it by itself, should it not hear of this.
    await open?.cursor.close().catch(() => {})
    return open !== undefined
  }

  /** The server has given up on those by now. */
  #expire(): void {
    const limit = performance.now() - LIFETIME_MS
    for (const [id, { lastUse }] of this.#cursors) if (lastUse < limit) void this.#close(id)
  }
}

// internals

/** The server's own limit. */
const LIFETIME_MS = 10 * 60_000

function batchOf(cursor: RunCommandCursor, size: number | undefined): Doc[] {
  return cursor.readBufferedDocuments(size).map((doc) => plainValues(doc) as Doc)
}

function isDone(cursor: RunCommandCursor): boolean {
  return cursor.bufferedCount() === 0 && (cursor.id === undefined || cursor.id.isZero())
}
