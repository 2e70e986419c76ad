import { Double, Long } from 'bson'
import { DatabaseError } from '../command.ts'
import { codeName, databaseError, fail } from '../engine/errors.ts'
import type { Call } from '../engine/executor.ts'
import { isNumber, toDouble } from '../engine/values/numbers.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'
import type { Authentication } from './authentication.ts'
import { opensChangeStream } from './change-streams.ts'
import { WIRE_COMMANDS } from './commands.ts'
import type { Fault } from './fail-points.ts'
import { concernLabels, errorLabels } from './labels.ts'
import type { WireRequest } from './message.ts'
import type { Peer } from './peer.ts'
import { sessionFields, sessionOf } from './session-fields.ts'
import type { WireState } from './wire-state.ts'

/** Answers the commands of one connection: its own kind itself, all others through the engine. */
export class CommandRunner {
  readonly #state: WireState
  readonly #peer: Peer
  readonly #authentication: Authentication
  readonly #signal: AbortSignal

  /** @param signal fires when the client is gone */
  constructor(state: WireState, peer: Peer, authentication: Authentication, signal: AbortSignal) {
    this.#state = state
    this.#peer = peer
    this.#authentication = authentication
    this.#signal = signal
  }

  /**
   * Runs one command. Never rejects.
   * @returns its reply; undefined when the connection has to be closed without an answer
   */
  run({ command, form }: WireRequest): Doc | undefined | Promise<Doc | undefined> {
    const name = Object.keys(command)[0] ?? ''
    try {
      if (form === 'query' && !OLD_FORM.has(name)) {
        fail(352, `Unsupported OP_QUERY command: ${name}. The client driver may require an upgrade.`)
      }
      const fault = this.#state.failPoints?.faultOf(name, command, {
        appName: this.#peer.appName,
        repeated: () => this.#isRepeated(command),
      })
      const reply = fault ? this.#runFaulty(name, command, fault) : this.#run(name, command)
      return reply instanceof Promise ? this.#later(reply, command) : reply && this.#finish(reply, command)
    } catch (error) {
      return this.refuse(error, command)
    }
  }

  /** The reply that tells of an error. */
  refuse(error: unknown, command: Doc): Doc {
    const known = error instanceof DatabaseError ? error : internalError(error)
    const { code, codeName: name, message, writeErrors, keyPattern, keyValue, errInfo } = known
    if (code === 59) this.#state.unknown(Object.keys(command)[0] ?? '')
    // What is our own mistake is told with its place, here and not to the client.
    if (known !== error) this.#state.warn(String((error as Error).stack ?? error))
    const labels = known instanceof InjectedError ? known.errorLabels : labelsOf(known, command)
    return {
      ...(labels.length > 0 ? { errorLabels: labels } : {}),
      ok: FAILED,
      errmsg: message,
      code,
      codeName: name,
      ...(writeErrors ? { writeErrors } : {}),
      ...(keyPattern ? { keyPattern } : {}),
      ...(keyValue ? { keyValue } : {}),
      ...(errInfo ? { errInfo } : {}),
      ...this.#state.clusterTime.fields(),
    }
  }

  // internals

  async #later(reply: Promise<Doc | undefined>, command: Doc): Promise<Doc | undefined> {
    try {
      const known = await reply
      return known && this.#finish(known, command)
    } catch (error) {
      return this.refuse(error, command)
    }
  }

  #run(name: string, command: Doc): Doc | Promise<Doc> {
    const { $db: database } = command
    if (typeof database !== 'string') fail(40571, 'OP_MSG requests require a $db argument')
    this.#authentication.check(name)
    const own = WIRE_COMMANDS.get(name)
    if (own) {
      const connection = { state: this.#state, peer: this.#peer, authentication: this.#authentication }
      return own({ ...connection, database, command })
    }
    if (name === 'configureFailPoint' && this.#state.failPoints)
      return this.#state.failPoints.configure(command)
    const streamed = this.#changeStream(name, database, command)
    if (streamed) return streamed
    const session = sessionOf(command)
    const call: Call = { session, signal: this.#signal, owner: this.#state }
    if (session) this.#noteTransaction(name, session.id, session.autocommit === false)
    return this.#state.engine.execute(database, command, call)
  }

  /** Answers what is about change streams; undefined for everything else. */
  #changeStream(name: string, database: string, command: Doc): Promise<Doc> | undefined {
    const { changeStreams } = this.#state
    if (name === 'aggregate' && opensChangeStream(command))
      return changeStreams.open(database, command, this.#signal)
    if (name === 'getMore' && changeStreams.has(command.getMore))
      return changeStreams.next(command, this.#signal)
    if (
      name === 'killCursors' &&
      Array.isArray(command.cursors) &&
      command.cursors.some((id) => changeStreams.has(id))
    ) {
      return this.#killStreams(database, command, command.cursors)
    }
    return undefined
  }

  /** Cursors of both kinds may be on one list. */
  async #killStreams(database: string, command: Doc, ids: readonly unknown[]): Promise<Doc> {
    const streams = ids.filter((id) => this.#state.changeStreams.kill(id))
    const cursors = ids.filter((id) => !streams.includes(id))
    const reply = await this.#state.engine.execute(database, { ...command, cursors })
    return { ...reply, cursorsKilled: [...(reply.cursorsKilled as unknown[]), ...streams] }
  }

  /** True for a write that has been done already and is only asked about again. */
  #isRepeated(command: Doc): boolean {
    const { sessions } = this.#state.engine.state
    const session = sessionOf(command)
    if (session?.txnNumber === undefined) return false
    return sessions.get(session.id).retry?.number === session.txnNumber
  }

  #noteTransaction(name: string, session: string, open: boolean): void {
    const { transactions } = this.#state
    if (open && name !== 'commitTransaction' && name !== 'abortTransaction') transactions.add(session)
    else transactions.delete(session)
  }

  async #runFaulty(name: string, command: Doc, fault: Fault): Promise<Doc | undefined> {
    if (fault.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.blockMs))
    if (fault.close === 'before') return undefined
    if (fault.error) throw injected(fault.error, command)
    const reply = await this.#run(name, command)
    if (fault.close === 'after') return undefined
    if (!fault.writeConcernError) return reply
    const { error, labels } = fault.writeConcernError
    const code = isNumber(error.code) ? toDouble(error.code) : 0
    const errorLabelsOf = labels ?? concernLabels(code, command, sessionFields(command))
    return {
      ...reply,
      writeConcernError: error,
      ...(errorLabelsOf.length > 0 ? { errorLabels: errorLabelsOf } : {}),
    }
  }

  /** A reply as the server frames it: 64-bit cursor ids, and the time. */
  #finish(reply: Doc, command: Doc): Doc {
    // Member by member: spreading them would take longer than the command.
    const framed: Doc = {}
    for (const name in reply) if (name !== 'ok') framed[name] = reply[name]
    const { cursor } = reply
    if (isDocument(cursor)) framed.cursor = withLongId(cursor)
    const concern = reply.writeConcernError ? undefined : writeConcernError(command.writeConcern)
    if (concern) framed.writeConcernError = concern
    framed.ok = OK
    return this.#state.clusterTime.mark(framed)
  }
}

// internals

const OK = new Double(1)
const FAILED = new Double(0)

/** What may still come in the old form of message: what a connection opens with. */
const OLD_FORM: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'saslStart',
  'saslContinue',
  'ping',
])

/** An error a fail point asks for; its labels are settled. */
class InjectedError extends DatabaseError {}

function injected({ code, labels }: NonNullable<Fault['error']>, command: Doc): DatabaseError {
  return new InjectedError("Failing command via 'failCommand' failpoint", {
    code,
    codeName: codeName(code),
    errorLabels: labels ?? errorLabels(code, command, sessionFields(command)),
  })
}

function withLongId(cursor: Doc): Doc {
  const copy: Doc = {}
  for (const name in cursor) copy[name] = name === 'id' ? longId(cursor.id) : cursor[name]
  return copy
}

function longId(id: unknown): Long {
  return id === 0 ? Long.ZERO : Long.fromNumber(Number(id))
}

function labelsOf({ code, errorLabels: known }: DatabaseError, command: Doc): string[] {
  return errorLabels(code, command, sessionFields(command), known)
}

function internalError(error: unknown): DatabaseError {
  const { message } = error as Partial<Error>
  return databaseError(1, `Internal error of the embedded database: ${message ?? String(error)}`, {
    cause: error,
  })
}

/** One member cannot confirm a write more than once. */
function writeConcernError(concern: unknown): Doc | undefined {
  if (!isDocument(concern)) return undefined
  const { w } = concern
  const impossible = isNumber(w) ? toDouble(w) > 1 : typeof w === 'string' && w !== 'majority'
  if (!impossible) return undefined
  const code = isNumber(w) ? 100 : 79
  return {
    code,
    codeName: codeName(code),
    errmsg: isNumber(w)
      ? 'Not enough data-bearing nodes'
      : `No write concern mode named '${String(w)}' found in replica set configuration`,
    errInfo: { writeConcern: concern },
  }
}
