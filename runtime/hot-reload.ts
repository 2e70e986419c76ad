/** Follows the files of a space while it is edited: reloads it, and says what came of that. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { formatPlace, LocalError } from '../errors/errors.ts'
import { NewProblems } from './new-problems.ts'
import { oversizedFunctions } from './project/folder-size.ts'
import type { ProjectProblem } from './project/manifest.ts'
import type { Space, SpaceControl } from './space-api.ts'
import { watchProject } from './watch.ts'

export class HotReload {
  readonly #space: Space & SpaceControl
  readonly #problems: NewProblems
  #ended = false

  private constructor(space: Space & SpaceControl) {
    this.#space = space
    this.#problems = new NewProblems(space.manifest)
  }

  /**
   * @param since when the project was read, epoch milliseconds of machine time
   * @returns what ends the watching; undefined when files cannot be watched, which the log then says
   */
  static async start(space: Space & SpaceControl, since: number): Promise<AsyncDisposable | undefined> {
    const reload = new HotReload(space)
    const watching = await reload.#watch(since)
    // After everything else, and nobody waits for it.
    void reload.#tellSizes()
    return watching && reload.#end(watching)
  }

  // internals

  async #watch(since: number): Promise<AsyncDisposable | undefined> {
    const { manifest, options } = this.#space
    try {
      return await watchProject({
        manifest,
        data: options.data,
        since,
        onChange: (files) => void this.#reload(files),
        onError: ({ message }) =>
          this.#log('error', `watching files failed: ${message}; restart to pick up changes`),
      })
    } catch (error) {
      this.#log('error', `files cannot be watched: ${(error as Error).message}; restart to pick up changes`)
      return undefined
    }
  }

  async #reload(files: readonly string[]): Promise<void> {
    try {
      const { added, removed, reloaded } = await this.#space.reload(files)
      for (const problem of this.#problems.of(this.#space.manifest)) this.#tell(problem)
      const names = [...new Set([...added, ...reloaded])]
      if (names.length === 0 && removed.length === 0) return
      // Temporary files of editors are gone by now; the one that was saved tells more.
      const first = files.find((file) => existsSync(file)) ?? files[0] ?? ''
      const more = files.length > 1 ? ` and ${files.length - 1} more` : ''
      const gone = removed.length > 0 ? `; removed: ${removed.join(', ')}` : ''
      this.#log(
        'info',
        `${this.#shown(first)}${more} changed; reloaded: ${names.join(', ') || 'nothing'}${gone}`,
      )
    } catch (error) {
      const { message } = error as Error
      const why = error instanceof LocalError ? this.#text(error) : message
      this.#log('error', `reload failed, the former version keeps serving: ${why}`)
    }
  }

  /** Once: the watcher does not look into node_modules, where the size of a function comes from. */
  async #tellSizes(): Promise<void> {
    for await (const problem of oversizedFunctions(this.#space.manifest)) {
      if (this.#ended) return
      if (problem !== undefined) this.#tell(problem)
    }
  }

  #end(watching: AsyncDisposable): AsyncDisposable {
    return {
      [Symbol.asyncDispose]: async () => {
        this.#ended = true
        await watching[Symbol.asyncDispose]()
      },
    }
  }

  #tell(problem: ProjectProblem): void {
    this.#log(problem.severity === 'error' ? 'error' : 'warn', this.#text(problem))
  }

  #text({ message, where, hint }: Pick<ProjectProblem, 'message' | 'where' | 'hint'>): string {
    const place = where ? ` (${formatPlace({ ...where, file: this.#shown(where.file) })})` : ''
    return `${message}${place}${hint ? `\n${hint}` : ''}`
  }

  #shown(file: string): string {
    return path.relative(this.#space.manifest.root, file) || '.'
  }

  #log(level: 'info' | 'warn' | 'error', text: string): void {
    this.#space.logs.append({ time: this.#space.clock.now(), level, channel: 'system', text })
  }
}
