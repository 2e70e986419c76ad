/**
 * The way out of an instance: where a host is mapped to (shared design, decision 5), and whether it may be reached at
 * all (spec/runtime.md §9).
 */
import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { GuestSpace } from '../../../bridge.ts'
import { packages } from '../packages.ts'

/** Where a request goes in the end. */
export interface Route {
  url: string
  /** Tell a mapped target whom the request was meant for; empty when nothing was mapped. */
  headers: Readonly<Record<string, string>>
}

export interface Agents {
  agent: HttpAgent
  httpsAgent: HttpsAgent
}

export class Outbound {
  readonly #hostMap: Readonly<Record<string, string>>
  readonly #network: GuestSpace['network']
  #agents: Agents | undefined

  constructor(space: Pick<GuestSpace, 'hostMap' | 'network'>) {
    this.#hostMap = Object.fromEntries(
      Object.entries(space.hostMap).map(([host, base]) => [host.toLowerCase(), base.replace(/\/+$/, '')]),
    )
    this.#network = space.network
  }

  /**
   * Path and query stay as they are, byte for byte: payment platforms sign them. The target gets its own `Host`, since
   * it is a server on its own terms; the host that was asked for travels in `x-forwarded-host`.
   * @param url absolute; `host/path` counts as http
   */
  route(url: string): Route {
    const [, scheme = 'http', authority = '', rest = ''] =
      /^(?:([a-z]+):)?(?:\/\/)?([^/?#]*)([^#]*)/i.exec(url) ?? []
    const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase()
    const base = this.#hostMap[host] ?? this.#hostMap[host.replace(/:\d+$/, '')]
    if (base === undefined) return { url, headers: {} }
    const sockets = /^wss?$/i.test(scheme)
    const target = sockets ? base.replace(/^http/i, 'ws') : base
    return {
      url: `${target}${rest.startsWith('/') ? '' : '/'}${rest}`,
      headers: {
        'x-forwarded-host': host,
        'x-forwarded-proto': scheme.toLowerCase().replace(/^ws/, 'http'),
      },
    }
  }

  /**
   * Agents that connect to nothing the policy forbids, whichever way a request came to its host (redirects, host map).
   * Undefined when everything is allowed.
   */
  agents(): Agents | undefined {
    if (this.#network === 'allow') return undefined
    this.#agents ??= {
      agent: guarded(new (packages.http().Agent)(), (host) => this.#refuses(host)),
      httpsAgent: guarded(new (packages.https().Agent)(), (host) => this.#refuses(host)),
    }
    return this.#agents
  }

  // internals

  #refuses(host: string): boolean {
    return this.#network === 'deny' || !isLoopback(host)
  }
}

// internals

type Connected = (error: Error | null, socket?: unknown) => void

/** Node asks an agent for each connection; this one answers some with an error instead. */
function guarded<A extends HttpAgent>(agent: A, refuses: (host: string) => boolean): A {
  const { createConnection } = agent as unknown as {
    createConnection(options: object, connected: Connected): unknown
  }
  return Object.assign(agent, {
    createConnection(options: { host?: string; port?: number | string }, connected: Connected): unknown {
      const host = options.host ?? 'localhost'
      if (!refuses(host)) return createConnection.call(agent, options, connected)
      process.nextTick(connected, unreachable(host, options.port))
      return undefined
    },
  })
}

function unreachable(host: string, port: number | string | undefined): Error {
  const address = port === undefined ? host : `${host}:${port}`
  return Object.assign(
    new Error(
      `connect ENETUNREACH ${address}: the network policy of the local space forbids it; ` +
        'map the host with "hostMap" in unicloud-local.config.ts, or set "network" to "allow"',
    ),
    { code: 'ENETUNREACH', syscall: 'connect' },
  )
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return /^(.+\.)?localhost\.?$/.test(name) || /^127(\.\d{1,3}){3}$/.test(name) || name === '::1'
}
