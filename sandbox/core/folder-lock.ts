/**
 * One process has a sandbox's folder at a time: two would each keep orders of their own and write over the other's. A
 * lock whose process is gone, or was on another machine (a container that was killed), counts for nothing.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { LocalError } from '../../errors/errors.ts'
import { isAlive, isHere, ownIdentity, type ProcessIdentity } from '../../processes/identity.ts'
import { isObject, parseJson } from './json.ts'
import { unusable } from './unusable.ts'

interface Owner extends ProcessIdentity {
  token: string
  /** Where its sandbox is reached; empty when that was not known yet. */
  url: string
}

export class FolderLock implements Disposable {
  readonly #file: string
  readonly #token = randomBytes(8).toString('hex')

  /** @throws LocalError DATA_IN_USE naming the process that has the folder; DATA_UNUSABLE */
  constructor(directory: string, url: string) {
    this.#file = fileIn(directory)
    mustBeFree(directory)
    const own: Owner = { ...ownIdentity(), token: this.#token, url }
    try {
      mkdirSync(directory, { recursive: true })
      writeFileSync(this.#file, JSON.stringify(own))
    } catch (error) {
      throw unusable('the sandbox cannot write to its folder', directory, error)
    }
  }

  [Symbol.dispose](): void {
    if (readOwner(this.#file)?.token === this.#token) rmSync(this.#file, { force: true })
  }
}

/** @throws LocalError DATA_IN_USE naming the process that has the folder */
export function mustBeFree(directory: string): void {
  const owner = readOwner(fileIn(directory))
  if (owner && isInUse(owner)) throw inUse(directory, owner)
}

/** Where the process that has the folder is reached; undefined when none has it, or it did not know yet. */
export function addressOfOwner(directory: string): string | undefined {
  const owner = readOwner(fileIn(directory))
  return owner && isInUse(owner) && owner.url !== '' ? owner.url : undefined
}

// internals

function fileIn(directory: string): string {
  return path.join(directory, 'lock')
}

function inUse(directory: string, { pid, url }: Owner): LocalError {
  const place = url === '' ? '' : `, whose sandbox is at ${url}`
  return new LocalError('DATA_IN_USE', `the sandbox's folder is in use by process ${pid}${place}`, {
    where: { file: directory },
    hint: 'use that one, stop it, or name another folder with --data DIR',
  })
}

/** @returns undefined when there is none, or one that nobody can have written to its end */
function readOwner(file: string): Owner | undefined {
  try {
    const owner = parseJson(readFileSync(file, 'utf8'))
    if (!isObject(owner) || typeof owner.pid !== 'number') return undefined
    const [started, host, token, url] = ['started', 'host', 'token', 'url'].map((name) =>
      String(owner[name] ?? ''),
    )
    return { pid: owner.pid, started: started ?? '', host: host ?? '', token: token ?? '', url: url ?? '' }
  } catch {
    return undefined
  }
}

/** A process may open its own folder again: tests do. One of another machine cannot be asked, and counts for nothing. */
function isInUse(owner: Owner): boolean {
  return isHere(owner) && owner.pid !== process.pid && isAlive(owner)
}
