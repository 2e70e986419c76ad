import type { Socket } from 'node:net'
import { getOwn } from '../engine/values/own.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'

/** The two ends of one connection. */
export class Peer {
  readonly id: number
  /** Where the client has reached us: what it is told as the member's address. */
  readonly address: string
  /** Where the client is. */
  readonly client: string
  /** What the client calls itself. */
  appName: string | undefined

  constructor(id: number, socket: Socket, socketPath: string | undefined) {
    this.id = id
    this.address =
      socketPath === undefined
        ? hostAndPort(socket.localAddress, socket.localPort)
        : encodeURIComponent(socketPath)
    this.client =
      socketPath === undefined
        ? hostAndPort(socket.remoteAddress, socket.remotePort)
        : 'anonymous unix socket'
  }

  /** Takes the description a client gives of itself in its hello. */
  describe(client: Doc): void {
    const application = getOwn(client, 'application')
    const name = isDocument(application) ? getOwn(application, 'name') : undefined
    if (typeof name === 'string') this.appName = name
  }
}

// internals

function hostAndPort(host = '127.0.0.1', port = 27_017): string {
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`
}
