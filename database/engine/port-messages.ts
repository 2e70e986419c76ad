import type { MessagePort } from 'node:worker_threads'
import { DatabaseError } from '../command.ts'
import { databaseError } from './errors.ts'
import { decodeFromPort, encodeForPort } from './port-codec.ts'
import type { SessionCall } from './transactions/sessions.ts'

/**
 * What travels between an engine's thread and those who use it (spec/embedded-database.md §11). Messages are arrays, each
 * sent as its JSON ({@link encodeForPort}); several that come up in one turn go together.
 */

/** From a client: an array of the texts of these. */
export type PortRequest =
  | readonly [
      id: number,
      kind: 'command',
      database: string,
      command: unknown,
      /** The command has tags in it. */
      tagged: boolean,
      call: PortCall,
    ]
  | readonly [id: number, kind: 'cancel']
  | readonly [id: 0, kind: 'watch', on: boolean]

/** What a command carries besides itself. */
export interface PortCall {
  readonly session?: SessionCall
  readonly maxTimeMS?: number
}

/** From the engine: an array of the texts of these. */
export type PortReply =
  | readonly [id: number, kind: 'reply', reply: unknown, tagged: boolean]
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

/** Hands over each message of an {@link Outbox} at the other end. */
export function onMessages<Message>(port: MessagePort, receive: (message: Message) => void): void {
  port.on('message', (texts: string[]) => {
    for (const text of texts) receive(JSON.parse(text) as Message)
  })
}

/** Gathers the messages of one turn and sends them together. */
export class Outbox<Message> {
  #queue: string[] = []
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** The message is written down at once: what it is made of may change afterwards. */
  add(message: Message): void {
    this.#queue.push(JSON.stringify(message))
    // `nextTick` from inside a promise's turn runs when all promises have had theirs: what belongs together is there.
    if (this.#queue.length === 1) process.nextTick(() => this.flush())
  }

  flush(): void {
    const queue = this.#queue
    if (queue.length === 0) return
    this.#queue = []
    this.#port.postMessage(queue)
  }
}
