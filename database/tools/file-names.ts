import { basename } from 'node:path'

/** How an export names the file of a collection, in a folder of them. */
export function exportFileName(collection: string, format: 'jsonl' | 'json', gzip: boolean): string {
  return `${encoded(collection)}.${format}${gzip ? '.gz' : ''}`
}

/** How the indexes of a collection are named beside it. */
export function indexFileName(collection: string): string {
  return `${encoded(collection)}.index.json`
}

/** What a file holds by its name: documents of a collection, its indexes, or something else. */
export function fileContents(path: string): { kind: 'documents' | 'index' | 'other'; collection: string } {
  const name = basename(path)
  const [, stem = '', ending = ''] =
    /^(.*?)\.(init_data\.json|index\.json|jsonl|ndjson|json)(?:\.gz)?$/i.exec(name) ?? []
  const collection = decoded(stem)
  if (stem === '' || /^(db_init|package)$/.test(stem) || /\.(schema|param)$/.test(stem)) {
    return { kind: 'other', collection }
  }
  return { kind: ending.toLowerCase() === 'index.json' ? 'index' : 'documents', collection }
}

// internals

/** Not every system takes every character a collection's name may have. */
function encoded(collection: string): string {
  return collection.replaceAll(/[%/\\:*?"<>|]/g, (char) => encodeURIComponent(char).replace('*', '%2A'))
}

function decoded(name: string): string {
  return name.replaceAll(/%[0-9A-F]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}
