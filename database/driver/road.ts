import { MongoError, MongoNetworkError, MongoServerSelectionError } from 'mongodb'

/** True when a command has failed on its way to the server, or its reply on the way back. */
export function isRoadFailure(error: unknown): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true
  // A connection that the other side has just closed: the driver lets the system's own error through.
  return !(error instanceof MongoError) && SOCKET.has(String((error as NodeJS.ErrnoException).code))
}

// internals

const SOCKET: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ERR_STREAM_DESTROYED'])
