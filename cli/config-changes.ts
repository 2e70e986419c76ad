/** Changes of the configuration file of `dev`, none of which is lost while the space starts anew. */
import { existsSync, type FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import { configFileNames } from '../runtime/config/load-file.ts'

/** Editors write in several steps; a pause this long ends one change. In milliseconds. */
const quietMs = 50

export class ConfigChanges implements Disposable {
  readonly #watcher: FSWatcher | undefined
  #changed = false
  #timer: NodeJS.Timeout | undefined
  #resolve: () => void = () => {}

  /** @param folder where a configuration file is, or may come to be */
  constructor(folder: string) {
    if (!existsSync(folder)) return
    this.#watcher = watch(folder, { persistent: false }, (_event, file) => {
      if (file === null || !configFileNames.includes(path.basename(file))) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => {
        this.#changed = true
        this.#resolve()
      }, quietMs)
    })
  }

  /** Resolves after a change; at once when one came since the last time. */
  async next(): Promise<void> {
    while (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
      })
    }
    this.#changed = false
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }
}
