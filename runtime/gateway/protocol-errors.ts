/** Requests that are no HTTP, or never become complete: answered on the bare socket, then the line is cut. */
import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ProviderProfile } from '../provider.ts'
import { errorBody, gatewayError, type HttpError, headerCode, headersExceeded } from './http-errors.ts'
import { JSON_TYPE } from './reply.ts'

/** Listener of the server's `clientError`. */
export function answerProtocolError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  profile: ProviderProfile,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || answerBegan(socket)) {
    socket.destroy()
    return
  }
  const { status, code, message } = protocolError(error, profile)
  const body = errorBody({ status, code, message }, profile, '')
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${JSON_TYPE}\r\n` +
      `x-unicloud-error: ${headerCode(code)}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

// internals

function protocolError(error: NodeJS.ErrnoException, profile: ProviderProfile): HttpError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return headersExceeded
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'RequestTimeout', message: 'The request did not arrive in time.' }
    default:
      return gatewayError('bad-body', profile, 'The request is not valid HTTP.')
  }
}

/** Node keeps the answer in progress in this member; writing into the middle of one would corrupt it. */
function answerBegan(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true
}
