/**
 * A server of the sandbox's own, where no space mounts it: one address for everything, platforms told apart by host or
 * path. Over TLS it also asks for client certificates (payment-platforms.md §1.1).
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { LocalError } from '../errors/errors.ts'
import type { TlsKeys } from './keys/tls-keys.ts'
import { MOUNT, type Sandbox } from './sandbox.ts'

export interface SandboxServer {
  /** `http://HOST:PORT` */
  url: string
  /** `https://HOST:PORT`, where TLS was asked for. */
  tlsUrl?: string
  close(): Promise<void>
}

export interface ListenOptions {
  host: string
  /** 0: a free one. */
  port: number
  tls?: { port: number; keys: TlsKeys }
}

/** @throws LocalError PORT_IN_USE, CONFIG_INVALID */
export async function listenSandbox(
  sandbox: Sandbox,
  { host, port, tls }: ListenOptions,
): Promise<SandboxServer> {
  const handle: RequestListener = (req, res) => {
    // The pages are what a person looks for here.
    if (req.url === '/' && !sandbox.claims(req)) res.writeHead(302, { Location: `${MOUNT}/` }).end()
    else void sandbox.handler(req, res)
  }
  const plain = createServer(handle)
  const servers: Server[] = [plain]
  const listening: SandboxServer = {
    url: `http://${await listen(plain, host, port)}`,
    close: async () => {
      await Promise.all(servers.map(end))
    },
  }
  if (!tls) return listening
  const secure = createTlsServer(
    {
      key: tls.keys.key,
      cert: tls.keys.certificate,
      // Whose certificate it is, the platform decides: WeChat asks for it in some calls only.
      requestCert: true,
      rejectUnauthorized: false,
    },
    handle,
  )
  servers.push(secure)
  try {
    listening.tlsUrl = `https://${await listen(secure, host, tls.port)}`
  } catch (error) {
    await listening.close()
    throw error
  }
  return listening
}

// internals

async function listen(server: Server, host: string, port: number): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const message = inUse
        ? `${name}:${port} is in use by another program`
        : `cannot listen on ${name}:${port}: ${error.message}`
      const hint = 'choose another port (0 picks a free one)'
      reject(new LocalError(inUse ? 'PORT_IN_USE' : 'CONFIG_INVALID', message, { hint, cause: error }))
    })
    server.listen(port, host, resolve)
  })
  return `${name}:${(server.address() as AddressInfo).port}`
}

function end(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
