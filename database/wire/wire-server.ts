import { createServer, type Server, type Socket } from 'node:net'
import { LocalError } from '../../errors/errors.ts'
import type { EmbeddedDatabase } from '../engine/engine.ts'
import { Connection } from './connection.ts'
import { FailPoints } from './fail-points.ts'
import { credentialsOf, type WireUser } from './scram.ts'
import { type LocalSocket, localSocket, publish, removeStale, unpublish } from './socket-path.ts'
import { WireState } from './wire-state.ts'

export interface WireOptions {
  /**
   * A unix socket to listen on, ending in `.sock`; a named pipe made from it on Windows. Only its owner may use it, so
   * nobody has to say who it is.
   */
  socketPath?: string
  /** An address to listen on over TCP. Default 127.0.0.1, when there is a port. */
  host?: string
  /** 0 picks a free one. Default 27017, when there is a host. */
  port?: number
  /** Who may connect over TCP; needed for any host but this machine. */
  users?: readonly WireUser[]
  /** Lets clients set fail points. Only for tests. */
  testCommands?: boolean
}

/** A wire server that listens. */
export interface WireServer {
  /** Where clients reach it, one for each door; without credentials. */
  readonly uris: readonly string[]
  /** Closes the doors and all connections. The engine goes on. */
  close(): Promise<void>
}

/**
 * Lets any MongoDB client use an embedded database (spec/embedded-database.md §12).
 * @param warn gets one line for what the user should know but that fails nothing
 * @throws LocalError CONFIG_INVALID when it would be open to the network without a user, PORT_IN_USE
 */
export async function startWireServer(
  engine: EmbeddedDatabase,
  options: WireOptions,
  warn: (text: string) => void = () => {},
): Promise<WireServer> {
  const { socketPath, host, port, users = [], testCommands } = options
  const tcp =
    host !== undefined || port !== undefined ? { host: host ?? LOOPBACK, port: port ?? 27_017 } : undefined
  if (tcp && users.length === 0 && !isLoopback(tcp.host)) throw openToAll(tcp.host)
  const credentials = new Map(users.map((user) => [user.user, credentialsOf(user)]))
  const state = new WireState(
    engine,
    credentials.size > 0 ? credentials : undefined,
    testCommands ? new FailPoints() : undefined,
    warn,
  )
  const server = new Doors(state)
  try {
    if (socketPath !== undefined) await server.openSocket(localSocket(socketPath))
    if (tcp) await server.openPort(tcp.host, tcp.port)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

// internals

const LOOPBACK = '127.0.0.1'

class Doors implements WireServer {
  readonly uris: string[] = []
  readonly #state: WireState
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #local: LocalSocket[] = []

  constructor(state: WireState) {
    this.#state = state
  }

  async openSocket(local: LocalSocket): Promise<void> {
    if (!(await removeStale(local))) throw inUse(local.path)
    await this.#listen({ path: local.path }, local.path)
    publish(local)
    this.#local.push(local)
    this.uris.push(`mongodb://${encodeURIComponent(local.path)}/?directConnection=true`)
  }

  async openPort(host: string, port: number): Promise<void> {
    const server = await this.#listen({ host, port }, undefined)
    const address = server.address() as { port: number }
    const name = host.includes(':') ? `[${host}]` : host
    this.uris.push(`mongodb://${name}:${address.port}/?directConnection=true`)
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)))
    this.#state.changeStreams.close()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
    for (const local of this.#local) unpublish(local)
    this.#state.engine.release(this.#state, this.#state.transactions)
  }

  // internals

  #listen(
    where: { path: string } | { host: string; port: number },
    path: string | undefined,
  ): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      new Connection(this.#state, socket, path)
    })
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, where)))
      server.listen(where, () => {
        this.#servers.push(server)
        resolve(server)
      })
    })
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function openToAll(host: string): LocalError {
  return new LocalError(
    'CONFIG_INVALID',
    `the database would be open to everybody who can reach ${host}: listening there needs a user`,
    { hint: `give a user and a password, or listen on ${LOOPBACK}` },
  )
}

function inUse(place: string, cause?: unknown): LocalError {
  return new LocalError('PORT_IN_USE', `${place} is in use by another program`, {
    hint: 'stop that program, or choose another port; 0 picks a free one',
    cause,
  })
}

function listenError(
  error: NodeJS.ErrnoException,
  where: { path: string } | { host: string; port: number },
): LocalError {
  const place = 'path' in where ? where.path : `${where.host}:${where.port}`
  if (error.code === 'EADDRINUSE') return inUse(place, error)
  return new LocalError('CONFIG_INVALID', `the database cannot listen on ${place}: ${error.message}`, {
    cause: error,
  })
}
