import { ManualClock } from '../../../clock/clock.ts'
import { DatabaseError, type SessionHandle } from '../../../database/command.ts'
import { openDatabase } from '../open.ts'

export type Doc = Record<string, unknown>

/** An engine in memory with short ways to what the tests ask again and again. */
export class Bench implements AsyncDisposable {
  readonly clock = new ManualClock('2026-01-01T00:00:00Z')
  readonly warnings: string[] = []
  readonly database = openDatabase({ clock: this.clock, warn: (text) => this.warnings.push(text) })

  run(command: Doc, session?: SessionHandle): Promise<Doc> {
    return this.database.command('d', command, session ? { session } : {})
  }

  /** Moves the clock; what that makes the engine do by itself is done. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    await this.database.settled()
  }

  insert(collection: string, documents: Doc[]): Promise<Doc> {
    return this.run({ insert: collection, documents })
  }

  index(collection: string, key: Doc, options: Doc = {}): Promise<Doc> {
    const name = Object.entries(key).flat().join('_')
    return this.run({ createIndexes: collection, indexes: [{ key, name, ...options }] })
  }

  async find(collection: string, more: Doc = {}): Promise<Doc[]> {
    return batch(await this.run({ find: collection, ...more }))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database.close()
  }
}

export function batch(reply: Doc): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

/** Code and text a command fails with. */
export async function failure(running: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await running
  } catch (error) {
    if (error instanceof DatabaseError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('the command did not fail')
}
