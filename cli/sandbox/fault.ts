/** `unicloud-local sandbox fault`: arms faults of a sandbox that runs. */
import { LocalError } from '../../errors/errors.ts'
import { MOUNT } from '../../sandbox/hosts.ts'
import { type Flags, spaceOptions } from '../space-options.ts'

interface Fault {
  id: string
  fault: string
  times: number
  match: Record<string, string>
  args: Record<string, unknown>
}

/** What there is: words with usual arguments filled in, their names, and whom it can happen to (all, when absent). */
interface Kind {
  text: string
  args?: Record<string, unknown>
  at?: string[]
}

export async function faultCommand(kind: string | undefined, flags: Flags): Promise<void> {
  const { url, token, ...rest } = flags
  const server = new SandboxClient(url === undefined ? await devUrl(rest) : String(url), token)
  if (flags.clear) await server.ask('DELETE', '/faults')
  if (flags.list) return await list(server)
  if (kind !== undefined) {
    const armed = await server.ask<Fault>('POST', '/faults', wanted(kind, flags))
    process.stdout.write(`${line(armed)}\n`)
  } else if (!flags.clear) {
    throw new LocalError('USAGE', 'what is to go wrong?', {
      hint: 'unicloud-local sandbox fault --list names all there is',
    })
  }
}

// internals

/** The control API of a sandbox. */
class SandboxClient {
  readonly #url: string
  readonly #token: string | undefined

  constructor(url: string, token: unknown) {
    this.#url = url.replace(/\/+$/, '').replace(MOUNT, '')
    this.#token = token === undefined ? undefined : String(token)
  }

  async ask<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#fetch(`${this.#url}${MOUNT}${path}`, method, body)
    const text = await response.text()
    if (response.ok) return JSON.parse(text) as T
    throw new LocalError('USAGE', messageIn(text) ?? `${this.#url} answered ${response.status}`, {
      hint: 'unicloud-local sandbox fault --list names all there is',
    })
  }

  async #fetch(url: string, method: string, body: object | undefined): Promise<Response> {
    try {
      return await fetch(url, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
    } catch (cause) {
      throw new LocalError('USAGE', `no server answers at ${this.#url}`, {
        hint: 'start `unicloud-local dev` or `unicloud-local sandbox`, or name its address with --url',
        cause,
      })
    }
  }
}

async function devUrl(flags: Flags): Promise<string> {
  const { host, port } = await spaceOptions(flags)
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function wanted(kind: string, flags: Flags): object {
  const match = { provider: flags.at, api: flags.api, out_trade_no: flags.order }
  return {
    fault: kind,
    times: Number(flags.times),
    args: parseArgs(flags.args),
    match: Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined)),
  }
}

function parseArgs(text: unknown): object {
  if (text === undefined) return {}
  try {
    return JSON.parse(String(text)) as object
  } catch (cause) {
    throw new LocalError('USAGE', `--args is no JSON: ${(cause as Error).message}`, { cause })
  }
}

async function list(server: SandboxClient): Promise<void> {
  const kinds = await server.ask<Record<string, Kind>>('GET', '/faults/kinds')
  const width = Math.max(...Object.keys(kinds).map((kind) => kind.length))
  for (const [kind, { text, args, at }] of Object.entries(kinds)) {
    const only = at ? `  [${at.join(', ')}]` : ''
    const given = Object.keys(args ?? {}).map((name) => ` --args '{"${name}":…}'`)
    process.stdout.write(`${kind.padEnd(width)}  ${text}${given.join('')}${only}\n`)
  }
  const waiting = await server.ask<Fault[]>('GET', '/faults')
  process.stdout.write(
    waiting.length === 0 ? '\nNone waits.\n' : `\nWaiting:\n${waiting.map(line).join('\n')}\n`,
  )
}

function line({ fault, times, match, args }: Fault): string {
  const details = Object.keys(args).length > 0 ? ` ${JSON.stringify(args)}` : ''
  const only = Object.entries(match).map(([name, value]) => ` ${name}=${value}`)
  return `${fault}${details} x${times}${only.join('')}`
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { errMsg?: string }).errMsg
  } catch {
    return undefined
  }
}
