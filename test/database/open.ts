import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedDatabase, type EmbeddedOptions } from '../../database/engine/engine.ts'

/**
 * A database for tests that no store may fail: in memory, or with `TEST_STORE=lmdb` in a file that goes when it is
 * closed. Files named `*.lmdb.test.ts` set that and run the tests of others once more.
 */
export function openDatabase(options: EmbeddedOptions = {}): EmbeddedDatabase {
  return process.env.TEST_STORE === 'lmdb' ? new FileDatabase(options) : new EmbeddedDatabase(options)
}

// internals

class FileDatabase extends EmbeddedDatabase {
  readonly #directory: string

  constructor(options: EmbeddedOptions) {
    const directory = mkdtempSync(join(tmpdir(), 'unicloud-lmdb-'))
    super({ ...options, directory, storage: 'lmdb', durability: 'none' })
    this.#directory = directory
  }

  override async close(): Promise<void> {
    await super.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
