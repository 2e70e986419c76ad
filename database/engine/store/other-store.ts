import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Storage } from './contract.ts'
import { fileNames, journalNumber, LMDB_FILE, MANIFEST } from './files.ts'

/** The stores that have kept documents in a folder. */
export function storesIn(directory: string): Storage[] {
  if (!existsSync(directory)) return []
  const stores: Storage[] = []
  const journal = (name: string) =>
    journalNumber(name) !== undefined && statSync(join(directory, name)).size > 0
  if (existsSync(join(directory, MANIFEST)) || fileNames(directory).some(journal)) stores.push('journal')
  if (existsSync(join(directory, LMDB_FILE))) stores.push('lmdb')
  return stores
}

/**
 * What the user should know when a store begins anew in a folder where the other one has kept documents.
 * @returns undefined when there is nothing of the kind
 */
export function leftByOtherStore(directory: string, storage: Storage): string | undefined {
  const stores = storesIn(directory)
  const [other] = stores
  if (other === undefined || stores.includes(storage)) return undefined
  return (
    `The data folder ${directory} holds a database that was kept with storage '${other}'. It is left as it is, and ` +
    `storage '${storage}' begins with an empty one. To take the data along, run \`unicloud-local db export\` with ` +
    `--storage ${other}, and \`unicloud-local db import\` with --storage ${storage}.`
  )
}
