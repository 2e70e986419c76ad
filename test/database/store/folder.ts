import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedDatabase, type EmbeddedOptions } from '../../../database/engine/engine.ts'

/** A data folder that goes when the test does. */
export class Folder implements Disposable {
  readonly path: string
  readonly warnings: string[] = []

  constructor(copyOf?: string) {
    this.path = mkdtempSync(join(tmpdir(), 'unicloud-store-'))
    if (copyOf) cpSync(copyOf, this.path, { recursive: true })
  }

  file(name: string): string {
    return join(this.path, name)
  }

  open(options: EmbeddedOptions = {}): EmbeddedDatabase {
    return new EmbeddedDatabase({
      directory: this.path,
      warn: (text) => this.warnings.push(text),
      ...options,
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

type Doc = Record<string, unknown>

/** Everything in a database: collections with their documents and indexes. */
export async function dump(database: EmbeddedDatabase, name: string): Promise<Doc> {
  const listed = await database.command(name, { listCollections: 1 })
  const contents: Doc = {}
  for (const { name: collection } of (listed.cursor as { firstBatch: { name: string }[] }).firstBatch) {
    const documents = await database.command(name, { find: collection, batchSize: 1_000_000 })
    const indexes = await database.command(name, { listIndexes: collection })
    contents[collection] = {
      documents: (documents.cursor as { firstBatch: Doc[] }).firstBatch,
      indexes: (indexes.cursor as { firstBatch: Doc[] }).firstBatch,
    }
  }
  return contents
}
