/** The module inside a space: tests say how an instance is made and what it is asked. */
import { createHmac } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createSpace, type TestSpace, type TestSpaceOptions } from '../../test-kit/index.ts'

export type Row = Record<string, unknown>

/** What comes of a call: its result, or the error it threw. */
export interface Answer {
  result?: Row
  thrown?: string
  /** `cause` of the error. */
  mend?: string
}

export interface Ask {
  /** Parameter of createInstance; default: a client of the web that reads English, and the simplest configuration. */
  options?: unknown
  /** Name of an interceptor of the fixture. */
  interceptor?: string
}

export const config = { tokenSecret: 'secret', tokenExpiresIn: 7200, tokenExpiresThreshold: 1200 }
export const clientInfo = { appId: '__UNI__T', platform: 'web', locale: 'en', clientIP: '10.0.0.7' }
export const start = '2026-01-01T00:00:00Z'
/** `start` in seconds. */
export const startSeconds = Date.parse(start) / 1000

export class Door {
  readonly space: TestSpace

  constructor(space: TestSpace) {
    this.space = space
  }

  async ask(call: string, params: unknown[] = [], { options, interceptor }: Ask = {}): Promise<Answer> {
    const instance = options ?? { clientInfo, config }
    return (await this.space.importObject('account').ask?.({
      options: instance,
      interceptor,
      call,
      params,
    })) as Answer
  }

  /** The result of a call that must not throw. */
  async result(call: string, params: unknown[] = [], ask: Ask = {}): Promise<Row> {
    const { result, thrown } = await this.ask(call, params, ask)
    if (!result) throw new Error(`${call}: ${thrown}`)
    return result
  }

  async token(uid: string, ask: Ask = {}): Promise<string> {
    return String((await this.result('createToken', [{ uid }], ask)).token)
  }

  /** Adds a user and gives its record back as it stands. */
  async user(fields: Row): Promise<() => Promise<Row>> {
    const _id = `u${Math.random()}`
    await this.space.seed({ 'uni-id-users': [{ _id, ...fields }] })
    return async () => {
      const found = await (await this.space.db()).collection('uni-id-users').doc(_id).get()
      return (found as { data: Row[] }).data[0] as Row
    }
  }

  async uid(fields: Row = {}): Promise<string> {
    return String((await (await this.user(fields))())._id)
  }

  async update(uid: string, fields: Row): Promise<void> {
    await (await this.space.db()).collection('uni-id-users').doc(uid).update(fields)
  }

  close(): Promise<void> {
    return this.space.close()
  }
}

export async function openDoor(options: TestSpaceOptions = {}): Promise<Door> {
  const project = fileURLToPath(new URL('../fixtures/uni-id', import.meta.url))
  return new Door(await createSpace({ project, now: start, ...options }))
}

/** A token made by hand. */
export function forge(
  payload: unknown,
  { header = { alg: 'HS256', typ: 'JWT' } as unknown, secret = config.tokenSecret } = {},
): string {
  const content = `${encode(header)}.${encode(payload)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

export function parts(token: unknown): [header: string, payload: string] {
  const [header = '', payload = ''] = String(token)
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  return [header, payload]
}

export function payloadOf(token: unknown): Row {
  return JSON.parse(parts(token)[1]) as Row
}

// internals

/** Strings as they are: a test may need what is not JSON. */
function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}
