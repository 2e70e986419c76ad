import { createDatabaseApi, type DatabaseApi, type DatabaseProvider } from '../../../database/api/index.ts'
import type { Command, DocumentDatabase, Reply, SessionHandle } from '../../../database/command.ts'

/** A waist that writes down what it is sent and answers with empty successes. */
export class RecordingDatabase implements DocumentDatabase {
  readonly kind = 'embedded'
  readonly sent: Command[] = []
  /** Answers to be given before the default ones, first to first. */
  readonly replies: Array<Reply | Error> = []
  inTransaction = false

  async command(_database: string, command: Command): Promise<Reply> {
    this.sent.push(command)
    const reply = this.replies.shift()
    if (reply instanceof Error) throw reply
    return reply ?? { ok: 1, n: 1, nModified: 1, cursor: { id: 0, firstBatch: [{}] }, value: {} }
  }

  startSession(): SessionHandle {
    const database = this
    const turn = (inTransaction: boolean) => async () => {
      database.inTransaction = inTransaction
    }
    return {
      id: '1',
      get inTransaction() {
        return database.inTransaction
      },
      startTransaction: turn(true),
      commitTransaction: turn(false),
      abortTransaction: turn(false),
      end: turn(false),
    }
  }

  describe() {
    return { server: 'recording', transactions: true, changeFeed: false }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export interface RecordedApi {
  db: DatabaseApi
  database: RecordingDatabase
  warnings: string[]
}

export function recordedApi(
  provider: DatabaseProvider = 'tencent',
  options: { allowNewerOperators?: boolean; now?: number } = {},
): RecordedApi {
  const database = new RecordingDatabase()
  const warnings: string[] = []
  const db = createDatabaseApi({
    database,
    name: 'space',
    provider,
    clock: { now: () => options.now ?? 1_700_000_000_000 },
    requestId: () => 'request-1',
    warn: (message) => warnings.push(message),
    ...(options.allowNewerOperators ? { allowNewerOperators: true } : {}),
  })
  return { db, database, warnings }
}
