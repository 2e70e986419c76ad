/**
 * The sandbox's state on disk: one JSON file a document, in a folder a kind. Each is written beside its place and then
 * renamed, so that a killed process leaves whole documents only.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isObject } from './json.ts'
import { unusable } from './unusable.ts'

export class DocumentStore {
  readonly #directory: string
  readonly #onProblem: (text: string) => void
  /** File -> document (undefined: to be removed), changed since the last write. */
  readonly #dirty = new Map<string, object | undefined>()
  #writing: Promise<void> | undefined

  /** @param onProblem told of a document that is damaged; it is left where it is */
  constructor(directory: string, onProblem: (text: string) => void) {
    this.#directory = directory
    this.#onProblem = onProblem
  }

  /**
   * Every document of a kind; none when the folder is not there yet. One that is damaged is left out.
   * @param members that each must have
   * @throws LocalError DATA_UNUSABLE when folder or files cannot be read: to go on would be to forget them
   */
  async load<T extends object>(kind: string, members: readonly (keyof T & string)[] = []): Promise<T[]> {
    const folder = path.join(this.#directory, kind)
    const names = await namesIn(folder)
    const documents = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .map((name) => this.#read<T>(path.join(folder, name), members)),
    )
    return documents.filter((document) => document !== undefined)
  }

  /** Notes that a document changed; it is written as it stands then. @param id letters, digits, `_`, `-` */
  put(kind: string, id: string, document: object): void {
    this.#dirty.set(this.#file(kind, id), document)
  }

  remove(kind: string, id: string): void {
    this.#dirty.set(this.#file(kind, id), undefined)
  }

  /** Removes every document of the given kinds. */
  async clear(kinds: readonly string[]): Promise<void> {
    await this.flush()
    for (const kind of kinds) await rm(path.join(this.#directory, kind), { recursive: true, force: true })
  }

  /**
   * Resolves once everything put before is on disk.
   * @throws LocalError DATA_UNUSABLE when it cannot be written
   */
  async flush(): Promise<void> {
    while (this.#writing || this.#dirty.size > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
      await this.#writing
    }
  }

  // internals

  #file(kind: string, id: string): string {
    return path.join(this.#directory, kind, `${id.replace(/[^\w-]/g, '_')}.json`)
  }

  async #read<T extends object>(file: string, members: readonly string[]): Promise<T | undefined> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw unusable('the sandbox cannot read its state', file, error)
    })
    const problem = damage(text, members)
    if (problem === undefined) return JSON.parse(text) as T
    this.#onProblem(`${file} is damaged (${problem}) and left out; delete it, or mend it and start again`)
    return undefined
  }

  async #write(): Promise<void> {
    const batch = [...this.#dirty]
    this.#dirty.clear()
    try {
      for (const [file, document] of batch) {
        if (!document) await rm(file, { force: true })
        else await replaceFile(file, JSON.stringify(document))
      }
    } catch (error) {
      // The next one writes it all: nothing that was refused must be missing later.
      for (const [file, document] of batch) if (!this.#dirty.has(file)) this.#dirty.set(file, document)
      throw unusable('the sandbox cannot write its state', this.#directory, error)
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unusable('the sandbox cannot read its state', folder, error)
  }
}

/** @returns why a document is none; nothing when it is one */
function damage(text: string, members: readonly string[]): string | undefined {
  try {
    const document: unknown = JSON.parse(text)
    if (!isObject(document)) return 'no object'
    const missing = members.filter((name) => document[name] === undefined)
    return missing.length > 0 ? `without ${missing.join(', ')}` : undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Writes a file whole or not at all. @param mode of a new file */
export async function replaceFile(file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.new`, content, { mode })
  await rename(`${file}.new`, file)
}
