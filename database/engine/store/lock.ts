import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive, isHere, ownIdentity, type ProcessIdentity } from '../../../processes/identity.ts'
import { databaseError } from '../errors.ts'
import { fileError, LOCK } from './files.ts'

/** What a lock file says about its owner. */
export interface LockOwner extends ProcessIdentity {
  /** Unlike any other owner's, so that an owner recognises itself. */
  token: string
  /** Where the owner serves the database, once it does. */
  uri?: string
}

/**
 * The lock of a data folder: one process owns it (spec/embedded-database.md §8). A lock whose process is gone is taken
 * over.
 */
export class FolderLock implements Disposable {
  readonly #path: string
  #owner: LockOwner
  #held = true

  /** @throws DatabaseError 98 naming the owner when a living process has the folder */
  constructor(directory: string, token = randomBytes(8).toString('hex')) {
    this.#path = join(directory, LOCK)
    this.#owner = { ...ownIdentity(), token }
    try {
      mkdirSync(directory, { recursive: true })
    } catch (error) {
      throw fileError(error, 'creating', directory)
    }
    this.#acquire(directory)
  }

  /** Tells others where the database can be reached while this process has it. */
  announce(uri: string): void {
    if (!this.#held) return
    this.#owner = { ...this.#owner, uri }
    const next = `${this.#path}.${this.#owner.token}`
    writeFileSync(next, JSON.stringify(this.#owner))
    renameSync(next, this.#path)
  }

  [Symbol.dispose](): void {
    if (!this.#held) return
    this.#held = false
    releaseLock(this.#path, this.#owner.token)
  }

  // internals

  #acquire(directory: string): void {
    // A second round follows a stale lock that was cleared; more than that means others are just as fast.
    for (let round = 0; round < 3; round++) {
      if (this.#create()) return
      const owner = readOwner(this.#path)
      if (owner === undefined) continue
      if (isInUse(owner)) throw inUse(directory, owner)
      this.#clear(owner)
    }
    throw inUse(directory, readOwner(this.#path))
  }

  /** Writes the lock aside and links it into place: it is there with its contents, or not at all. */
  #create(): boolean {
    const aside = `${this.#path}.${this.#owner.token}`
    try {
      writeFileSync(aside, JSON.stringify(this.#owner))
      try {
        linkSync(aside, this.#path)
      } catch (error) {
        if (!canNotLink(error)) throw error
        writeFileSync(this.#path, JSON.stringify(this.#owner), { flag: 'wx' })
      }
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false
      throw fileError(error, 'locking', this.#path)
    } finally {
      rmSync(aside, { force: true })
    }
  }

  /** Removes a stale lock; when somebody else has renewed it in between, it is put back. */
  #clear(stale: LockOwner): void {
    const aside = `${this.#path}.stale-${this.#owner.token}`
    try {
      renameSync(this.#path, aside)
    } catch {
      return
    }
    if (readOwner(aside)?.token !== stale.token) {
      try {
        linkSync(aside, this.#path)
      } catch {
        // A third one has the place already.
      }
    }
    rmSync(aside, { force: true })
  }
}

/** Who has a data folder at present; undefined when nobody does. */
export function lockOwner(directory: string): LockOwner | undefined {
  const owner = readOwner(join(directory, LOCK))
  return owner && isInUse(owner) ? owner : undefined
}

/** Removes a lock that still carries this token: for an owner whose thread has died without doing so. */
export function releaseLock(path: string, token: string): void {
  if (readOwner(path)?.token === token) rmSync(path, { force: true })
}

// internals

function readOwner(path: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as LockOwner
    return typeof owner.pid === 'number' ? owner : unreadable()
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? undefined : unreadable()
  }
}

/** A lock nobody can have written to its end: as good as stale. */
function unreadable(): LockOwner {
  return { pid: 0, started: '', host: hostname(), token: '' }
}

/** Another machine's processes (a shared folder) cannot be asked: take their word. */
function isInUse(owner: LockOwner): boolean {
  return !isHere(owner) || isAlive(owner)
}

function canNotLink(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EOPNOTSUPP'
}

function inUse(directory: string, owner: LockOwner | undefined): Error {
  const who =
    owner && owner.pid > 0
      ? `process ${owner.pid}${isHere(owner) ? '' : ` on ${owner.host}`}`
      : 'another process'
  const way = owner?.uri
    ? `Connect to it at ${owner.uri}, stop it, or choose another data folder with --data.`
    : 'Stop it, or choose another data folder with --data.'
  // A container that was killed leaves its name behind, and its successor has another one.
  const gone =
    owner && !isHere(owner) ? ` If ${owner.host} is gone, delete the file ${join(directory, LOCK)}.` : ''
  return databaseError(98, `The database folder ${directory} is in use by ${who}. ${way}${gone}`)
}
