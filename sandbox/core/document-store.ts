/**
 * The sandbox's state on disk: one JSON file a document, in a folder a kind. Each is written beside its place and then
 * renamed, so that a killed process leaves whole documents only.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { LocalError } from '../../errors/errors.ts'

export class DocumentStore {
  readonly #directory: string
  readonly #onProblem: (text: string) => void
  /** File -> document (undefined: to be removed), changed since the last write. */
  readonly #dirty = new Map<string, object | undefined>()
  #writing: Promise<void> | undefined

  /** @param onProblem told of a document that cannot be read; it is left where it is */
  constructor(directory: string, onProblem: (text: string) => void) {
    this.#directory = directory
    this.#onProblem = onProblem
  }

  /** Every document of a kind; none when the folder is not there yet. */
  async load<T extends object>(kind: string): Promise<T[]> {
    const folder = path.join(this.#directory, kind)
    const names = await readdir(folder).catch(() => [])
    const documents = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.#read<T>(path.join(folder, name))),
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

  async #read<T extends object>(file: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as T
    } catch (error) {
      this.#onProblem(`${file} cannot be read (${(error as Error).message}); it is left out`)
      return undefined
    }
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
      throw new LocalError(
        'DATA_UNUSABLE',
        `the sandbox cannot write its state: ${(error as Error).message}`,
        {
          where: { file: this.#directory },
          hint: 'free disk space, or make the data folder writable (--data DIR chooses another)',
          cause: error,
        },
      )
    }
  }
}

/** Writes a file whole or not at all. @param mode of a new file */
export async function replaceFile(file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.new`, content, { mode })
  await rename(`${file}.new`, file)
}
