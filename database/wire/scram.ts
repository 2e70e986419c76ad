import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { fail } from '../engine/errors.ts'

/** Who may use a wire server that is open to other machines. */
export interface WireUser {
  readonly user: string
  readonly password: string
}

/** What a server keeps of a user instead of the password (RFC 5802, RFC 7677). */
export interface Credentials {
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** Derives what is kept of a password. */
export function credentialsOf({ password }: WireUser): Credentials {
  const salt = randomBytes(28)
  const salted = pbkdf2Sync(prepared(password), salt, ITERATIONS, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  return { salt, storedKey: sha256(clientKey), serverKey: hmac(salted, 'Server Key') }
}

/** One exchange of SCRAM-SHA-256 on the server's side. */
export class ScramExchange {
  readonly #users: ReadonlyMap<string, Credentials>
  #known: Credentials | undefined
  #nonce = ''
  #firstBare = ''
  #serverFirst = ''
  #step: 'first' | 'final' | 'empty' | 'done' = 'first'
  user = ''

  constructor(users: ReadonlyMap<string, Credentials>) {
    this.#users = users
  }

  /** True once the client has proved that it knows the password. */
  get proved(): boolean {
    return this.#step === 'empty' || this.#step === 'done'
  }

  /**
   * Answers a message of the client.
   * @param skipEmptyExchange the client asked for no closing round of empty messages
   * @throws DatabaseError 18 when the proof is wrong or the exchange is none
   */
  answer(message: string, skipEmptyExchange: boolean): { payload: string; done: boolean } {
    switch (this.#step) {
      case 'first':
        return { payload: this.#first(message), done: false }
      case 'final': {
        const payload = this.#final(message)
        this.#step = skipEmptyExchange ? 'done' : 'empty'
        return { payload, done: skipEmptyExchange }
      }
      case 'empty':
        this.#step = 'done'
        return { payload: '', done: true }
      case 'done':
        return failed()
    }
  }

  // internals

  #first(message: string): string {
    const match = /^[ny],(?:a=[^,]*)?,(n=([^,]*),r=([^,]+).*)$/.exec(message)
    if (!match) return failed()
    const [, bare = '', name = '', clientNonce = ''] = match
    this.user = name.replaceAll('=2C', ',').replaceAll('=3D', '=')
    this.#known = this.#users.get(this.user)
    this.#firstBare = bare
    this.#nonce = clientNonce + randomBytes(24).toString('base64')
    // Unknown users get an answer of the same kind: whether a name exists is nobody's business.
    const salt = this.#known?.salt ?? sha256(Buffer.from(`no such user ${this.user}`)).subarray(0, 28)
    this.#serverFirst = `r=${this.#nonce},s=${salt.toString('base64')},i=${ITERATIONS}`
    this.#step = 'final'
    return this.#serverFirst
  }

  #final(message: string): string {
    const match = /^(c=[^,]+,r=([^,]+)),p=(.+)$/.exec(message)
    const known = this.#known
    if (!match || !known || match[2] !== this.#nonce) return failed()
    const [, withoutProof = '', , proof = ''] = match
    const text = `${this.#firstBare},${this.#serverFirst},${withoutProof}`
    const signature = hmac(known.storedKey, text)
    const given = Buffer.from(proof, 'base64')
    if (given.length !== signature.length) return failed()
    const clientKey = Buffer.from(given.map((byte, at) => byte ^ signature[at]!))
    if (!timingSafeEqual(sha256(clientKey), known.storedKey)) return failed()
    return `v=${hmac(known.serverKey, text).toString('base64')}`
  }
}

// internals

/** The server's default. */
const ITERATIONS = 15_000

function failed(): never {
  return fail(18, 'Authentication failed.')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** SASLprep as far as passwords need it: odd spaces become spaces, invisible characters vanish, then NFKC. */
function prepared(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC')
}
