/** Files below `database/`, and clientDB actions; handed to the database part unread (spec/runtime.md §1.3). */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { ClientAction, DatabaseFile } from './manifest.ts'

/** `<collection><ending>`, longest ending first. */
const endings: readonly (readonly [string, DatabaseFile['kind']])[] = [
  ['.schema.ext.js', 'schema-ext'],
  ['.schema.ext.ts', 'schema-ext'],
  ['.init_data.json', 'init_data'],
  ['.schema.json', 'schema'],
  ['.index.json', 'index'],
]

/** Everything the database part reads; other files, such as `*.jql`, are left alone. */
export function readDatabaseFolder(dir: string, origin: string): DatabaseFile[] {
  if (!existsSync(dir)) return []
  const files: DatabaseFile[] = []
  for (const name of readdirSync(dir).sort()) {
    const file = path.join(dir, name)
    const ending = endings.find(([text]) => name.endsWith(text) && name.length > text.length)
    if (ending)
      files.push({ collection: name.slice(0, -ending[0].length), kind: ending[1], path: file, origin })
    else if (name === 'db_init.json') files.push({ collection: '', kind: 'db_init', path: file, origin })
    else if (name === 'validateFunction') files.push(...validateFunctions(file, origin))
  }
  return files
}

/** `uni-clientDB-actions/<name>.js`. */
export function readActionFolder(dir: string, origin: string): ClientAction[] {
  return scripts(dir).map((name) => ({ name: path.parse(name).name, path: path.join(dir, name), origin }))
}

// internals

function validateFunctions(dir: string, origin: string): DatabaseFile[] {
  return scripts(dir).map((name) => ({
    collection: path.parse(name).name,
    kind: 'validate-function',
    path: path.join(dir, name),
    origin,
  }))
}

function scripts(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((name) => /\.[jt]s$/.test(name) && !name.startsWith('.'))
    .sort()
}
