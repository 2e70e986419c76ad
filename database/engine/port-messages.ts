import { DatabaseError } from '../command.ts'
import { databaseError } from './errors.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import type { SessionCall } from './transactions/sessions.ts'

/**
 * What travels between an engine's thread and those who use it (spec/embedded-database.md §11). Messages are arrays;
 * several that come up in one turn go together.
 */

/** From a client: one array of these. */
export type PortRequest =
  | readonly [id: number, kind: 'command', database: string, command: unknown, call: PortCall | undefined]
  | readonly [id: number, kind: 'cancel']
  | readonly [id: 0, kind: 'watch', on: boolean]

/** What a command carries besides itself. */
export interface PortCall {
  readonly session?: SessionCall
  readonly maxTimeMS?: number
}

/** From the engine: one array of these. */
export type PortReply =
  | readonly [id: number, kind: 'reply', reply: unknown]
  | readonly [id: number, kind: 'error', error: PortError]
  | readonly [id: 0, kind: 'changes', changes: unknown]

/** A {@link DatabaseError} taken apart, or any other error's text. */
export interface PortError {
  readonly code: number
  readonly message: string
  readonly details: unknown
  /** Stack of an error that is nobody's but ours. */
  readonly stack?: string
}

/** Takes an error apart for the port. */
export function encodeError(error: unknown): PortError {
  if (!(error instanceof DatabaseError)) {
    const { message, stack } = error as Partial<Error>
    return {
      code: 1,
      message: `Internal error of the embedded database: ${message ?? String(error)}`,
      details: {},
      ...(stack ? { stack } : {}),
    }
  }
  const { errorLabels, writeErrors, keyPattern, keyValue, errInfo } = error
  const details = { errorLabels, writeErrors, keyPattern, keyValue, errInfo }
  return { code: error.code, message: error.message, details: encodeForPort(details) }
}

/** Puts an error together again. */
export function decodeError({ code, message, details, stack }: PortError): DatabaseError {
  const decoded = decodeFromPort(details, 'caller') as Record<string, never>
  return databaseError(code, message, { ...decoded, ...(stack ? { cause: new Error(stack) } : {}) })
}

/** Gathers the messages of one turn and sends them together. */
export class Outbox<Message> {
  #queue: Message[] = []
  readonly #send: (messages: Message[]) => void

  constructor(send: (messages: Message[]) => void) {
    this.#send = send
  }

  add(message: Message): void {
    this.#queue.push(message)
    // `nextTick` from inside a promise's turn runs when all promises have had theirs: what belongs together is there.
    if (this.#queue.length === 1) process.nextTick(() => this.flush())
  }

  flush(): void {
    const queue = this.#queue
    if (queue.length === 0) return
    this.#queue = []
    this.#send(queue)
  }
}
