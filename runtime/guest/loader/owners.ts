/** Which function or public module a file belongs to: that decides what it may require, and whether it is user code. */
import { realpathSync } from 'node:fs'
import path from 'node:path'

/** A folder with a package.json of its own: the function, or a public module. */
export interface Owner {
  name: string
  kind: 'function' | 'module'
  /** The real folder, as Node names files in it. */
  dir: string
  /** The folder its `file:` dependencies start from: differs for an overlay. */
  declaredIn: string
  dependencies: Readonly<Record<string, string>>
  /** Comes with us: the user cannot mend it. */
  shipped: boolean
}

export class Owners {
  readonly #owners: Owner[] = []
  readonly #projectRoot: string
  readonly #byFolder = new Map<string, Owner | undefined>()

  constructor(projectRoot: string) {
    this.#projectRoot = realPath(projectRoot)
  }

  add(owner: Omit<Owner, 'dir'> & { dir: string }): Owner {
    const real = { ...owner, dir: realPath(owner.dir) }
    const known = this.#owners.find((other) => other.dir === real.dir)
    if (known) return known
    this.#owners.push(real)
    this.#byFolder.clear()
    return real
  }

  /** The innermost owner; undefined outside of all, and inside an owner's npm packages. */
  of(file: string): Owner | undefined {
    const folder = path.dirname(file)
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder)
    const found = this.#owners
      .filter((owner) => isInside(folder, owner.dir))
      .sort((a, b) => b.dir.length - a.dir.length)[0]
    const result = found && !inPackages(folder.slice(found.dir.length)) ? found : undefined
    this.#byFolder.set(folder, result)
    return result
  }

  /** User code: an owner's file, or a file of the project outside of npm packages. */
  isUserFile(file: string): boolean {
    if (this.of(file)) return true
    return isInside(file, this.#projectRoot) && !inPackages(file.slice(this.#projectRoot.length))
  }
}

/** Whether `file` is `dir` or lies below it. */
export function isInside(file: string, dir: string): boolean {
  return (
    file.startsWith(dir) &&
    (file.length === dir.length || file[dir.length] === path.sep || dir.endsWith(path.sep))
  )
}

// internals

function inPackages(relative: string): boolean {
  return `${relative}${path.sep}`.includes(`${path.sep}node_modules${path.sep}`)
}

function realPath(dir: string): string {
  try {
    return realpathSync.native(dir)
  } catch {
    return dir
  }
}
