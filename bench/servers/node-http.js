// The ceiling: Node's own server, nothing else.
import { createServer } from 'node:http'

createServer((_request, response) => {
  const body = JSON.stringify({ hello: 'world', version: 1 })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}).listen(Number(process.env.PORT), '127.0.0.1')
