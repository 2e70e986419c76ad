import { fail } from '../engine/errors.ts'
import { isNumber, toDouble } from '../engine/values/numbers.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'

/** What a fail point does to a command instead of, before, or after running it. */
export interface Fault {
  /** Milliseconds to wait first. */
  readonly blockMs: number
  /** Closes the connection: instead of running the command, or when it has been run. */
  readonly close: 'before' | 'after' | undefined
  /** Answers with this error and runs nothing. */
  readonly error: { code: number; labels: string[] | undefined } | undefined
  /** Runs the command and adds this to its reply. */
  readonly writeConcernError: { error: Doc; labels: string[] | undefined } | undefined
}

/** Where a command comes from. */
export interface Origin {
  readonly appName: string | undefined
  /** True for a write that has been done before. */
  repeated(): boolean
}

/**
 * The fail points drivers test themselves with (spec/embedded-database.md §12): `failCommand` and
 * `onPrimaryTransactionalWrite`. Only a server started for tests has any.
 */
export class FailPoints {
  #command: FailPoint | undefined
  #write: FailPoint | undefined

  /** `configureFailPoint` */
  configure(command: Doc): Doc {
    const { configureFailPoint: name, mode, data } = command
    const point = readMode(mode, isDocument(data) ? data : {})
    if (name === 'failCommand') this.#command = point
    else if (name === 'onPrimaryTransactionalWrite') this.#write = point
    else fail(2, `no such fail point: ${String(name)}`)
    return { ok: 1 }
  }

  /** What has to happen to a command; undefined when nothing is to. */
  faultOf(name: string, command: Doc, origin: Origin): Fault | undefined {
    if (name === 'configureFailPoint') return undefined
    return this.#commandFault(name, origin.appName) ?? this.#writeFault(name, command, origin)
  }

  // internals

  #commandFault(name: string, appName: string | undefined): Fault | undefined {
    const point = this.#command
    if (!point) return undefined
    const { failCommands, appName: wanted } = point.data
    if (!Array.isArray(failCommands) || !failCommands.includes(name)) return undefined
    if (wanted !== undefined && wanted !== appName) return undefined
    return point.hit() ? commandFault(point.data) : undefined
  }

  #writeFault(name: string, command: Doc, origin: Origin): Fault | undefined {
    const point = this.#write
    if (!point || command.txnNumber === undefined || command.autocommit === false) return undefined
    if (origin.repeated()) return undefined
    let hit = false
    // Each statement is a write of its own; inserts go together.
    for (let left = statements(name, command); left > 0; left--) hit = point.hit() || hit
    if (!hit) return undefined
    const { closeConnection, failBeforeCommitExceptionCode: code } = point.data
    const closes = closeConnection !== false
    return {
      blockMs: 0,
      close: closes ? (code === undefined ? 'after' : 'before') : undefined,
      error: isNumber(code) ? { code: toDouble(code), labels: undefined } : undefined,
      writeConcernError: undefined,
    }
  }
}

// internals

interface FailPoint {
  readonly data: Doc
  /** True when this time it fires. */
  hit(): boolean
}

function readMode(mode: unknown, data: Doc): FailPoint | undefined {
  if (mode === 'off') return undefined
  let skip = 0
  let times = Number.POSITIVE_INFINITY
  if (isDocument(mode) && isNumber(mode.times)) times = toDouble(mode.times)
  else if (isDocument(mode) && isNumber(mode.skip)) skip = toDouble(mode.skip)
  else if (mode !== 'alwaysOn') fail(2, "a fail point's mode is 'off', 'alwaysOn', {times} or {skip}")
  const hit = () => {
    if (skip > 0) {
      skip--
      return false
    }
    return times-- > 0
  }
  return { data, hit }
}

function statements(name: string, command: Doc): number {
  switch (name) {
    case 'update':
      return (command.updates as unknown[] | undefined)?.length ?? 0
    case 'delete':
      return (command.deletes as unknown[] | undefined)?.length ?? 0
    case 'insert':
    case 'findAndModify':
      return 1
    default:
      return 0
  }
}

function commandFault(data: Doc): Fault {
  const { errorCode, errorLabels, closeConnection, blockConnection, blockTimeMS, writeConcernError } = data
  const labels = Array.isArray(errorLabels) ? (errorLabels as string[]) : undefined
  return {
    blockMs: blockConnection === true && isNumber(blockTimeMS) ? toDouble(blockTimeMS) : 0,
    close: closeConnection === true ? 'before' : undefined,
    error: isNumber(errorCode) ? { code: toDouble(errorCode), labels } : undefined,
    writeConcernError: isDocument(writeConcernError) ? { error: writeConcernError, labels } : undefined,
  }
}
