import { Binary } from 'bson'
import { fail } from '../engine/errors.ts'
import { binaryParts, type Doc, isBson, isDocument } from '../engine/values/types.ts'
import { type Credentials, ScramExchange } from './scram.ts'

/** Who one connection has shown itself to be. */
export class Authentication {
  readonly #users: ReadonlyMap<string, Credentials> | undefined
  #exchange: ScramExchange | undefined
  #skipEmpty = false
  #user: string | undefined

  /** @param users undefined when nobody has to say who it is */
  constructor(users: ReadonlyMap<string, Credentials> | undefined) {
    this.#users = users
  }

  get user(): string | undefined {
    return this.#user
  }

  /** @throws DatabaseError 13 when the command needs a user that nobody has named yet */
  check(command: string): void {
    if (!this.#users || this.#user !== undefined || OPEN.has(command)) return
    fail(13, `Command ${command} requires authentication`)
  }

  /** `saslSupportedMechs` of hello. */
  get mechanisms(): string[] {
    return this.#users ? [MECHANISM] : []
  }

  /** `saslStart`; undefined for the first step of a hello that the connection cannot use. */
  start(command: Doc): Doc {
    if (!this.#users) fail(18, 'Authentication failed: this server has no users')
    if (command.mechanism !== MECHANISM) {
      fail(334, `Received authentication for mechanism ${String(command.mechanism)} which is not enabled`)
    }
    this.#exchange = new ScramExchange(this.#users)
    const { options } = command
    this.#skipEmpty = isDocument(options) && options.skipEmptyExchange === true
    return this.#step(command)
  }

  /** `saslContinue` */
  continue(command: Doc): Doc {
    if (!this.#exchange) fail(17, 'No SASL session state found')
    return this.#step(command)
  }

  /** `logout` */
  forget(): Doc {
    this.#user = undefined
    return { ok: 1 }
  }

  // internals

  #step({ payload }: Doc): Doc {
    const exchange = this.#exchange!
    try {
      const text = isBson(payload, 'Binary')
        ? Buffer.from(binaryParts(payload).bytes).toString('utf8')
        : String(payload)
      const { payload: answer, done } = exchange.answer(text, this.#skipEmpty)
      if (done && exchange.proved) {
        this.#user = exchange.user
        this.#exchange = undefined
      }
      return { conversationId: 1, done, payload: new Binary(Buffer.from(answer)), ok: 1 }
    } catch (error) {
      this.#exchange = undefined
      throw error
    }
  }
}

// internals

const MECHANISM = 'SCRAM-SHA-256'
/** Commands for everybody: without them nobody could say who it is. */
const OPEN: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'buildInfo',
  'buildinfo',
  'saslStart',
  'saslContinue',
  'logout',
  'ping',
  'whatsmyuri',
  'connectionStatus',
  'endSessions',
])
