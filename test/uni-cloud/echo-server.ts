/** A server that tells what it was asked. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface Echo {
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

export interface EchoServer extends AsyncDisposable {
  url: string
  port: number
}

/**
 * Answers with an `Echo` as JSON, except `/text`, `/empty`, `/broken` (JSON that is none), `/status/N`,
 * `/redirect?to=URL` and `/slow`; WebSockets send back what they get and greet with their request.
 */
export async function startEcho(): Promise<EchoServer> {
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://x')
    if (url.pathname.endsWith('/slow')) return
    if (url.pathname.endsWith('/redirect')) {
      res.writeHead(302, { location: url.searchParams.get('to') ?? '/' }).end()
      return
    }
    const status = Number(/\/status\/(\d+)/.exec(url.pathname)?.[1] ?? 200)
    res.writeHead(status, { 'content-type': 'application/json', 'X-Mixed': 'Yes' })
    if (url.pathname.endsWith('/text')) res.end('plain text')
    else if (url.pathname.endsWith('/empty')) res.end()
    else if (url.pathname.endsWith('/broken')) res.end('{"a":')
    else res.end(JSON.stringify(await echoOf(req)))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, req) => {
    socket.send(JSON.stringify({ url: req.url, headers: req.headers, protocol: socket.protocol }))
    socket.on('message', (data, binary) => {
      if (String(data) === 'bye') socket.close(4001, 'as you wish')
      else socket.send(data, { binary })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function echoOf(req: IncomingMessage): Promise<Echo> {
  let body = ''
  for await (const chunk of req) body += chunk
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    headers: req.headers as Record<string, string>,
    body,
  }
}
