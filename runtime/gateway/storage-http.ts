/** The HTTP side of file storage, handed in by the storage service. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export const STORAGE_PREFIX = '/_unicloud/storage/'

/**
 * Serves files to pages and apps: every method and CORS are its own business. These URLs are public, as those of the
 * cloud are; the guard of the control API does not stand before them.
 */
export interface StorageHttp {
  /**
   * @param path what follows `/_unicloud/storage/`, still percent-encoded
   * @param query without `?`
   */
  handle(req: IncomingMessage, res: ServerResponse, path: string, query: string): void | Promise<void>
}
