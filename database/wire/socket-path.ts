import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, rmSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The local door of a wire server: a unix socket, or a named pipe on Windows. */
export interface LocalSocket {
  /** What to listen on. */
  readonly path: string
  /** Where the socket was asked for, when that path is too long for the system: a link is laid there. */
  readonly link: string | undefined
}

/**
 * A path the system can listen on. Socket addresses hold 107 bytes (103 on macOS); a longer path gets a socket in the
 * system's folder for temporary files, named after it, and a link to it where it was asked for.
 * @param wanted must end in `.sock`: that is how drivers tell a socket from a host
 */
export function localSocket(wanted: string): LocalSocket {
  const full = resolve(wanted)
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\${shortName(full)}`, link: undefined }
  if (Buffer.byteLength(full) <= MAX_BYTES) return { path: full, link: undefined }
  return { path: join(tmpdir(), shortName(full)), link: full }
}

/** Removes a socket that a killed process has left behind; false when somebody answers on it. */
export async function removeStale({ path }: LocalSocket): Promise<boolean> {
  if (process.platform === 'win32' || !isSocket(path)) return true
  if (await answers(path)) return false
  rmSync(path, { force: true })
  return true
}

/** Closes the door to other users of the machine and lays the link. */
export function publish({ path, link }: LocalSocket): void {
  if (process.platform === 'win32') return
  chmodSync(path, 0o600)
  if (link === undefined) return
  rmSync(link, { force: true })
  symlinkSync(path, link)
}

/** Takes the link away again; the socket itself goes with its server. */
export function unpublish({ link }: LocalSocket): void {
  if (link !== undefined) rmSync(link, { force: true })
}

// internals

const MAX_BYTES = 103

function shortName(full: string): string {
  return `unicloud-local-${createHash('sha256').update(full).digest('hex').slice(0, 16)}.sock`
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    const settle = (answer: boolean) => {
      socket.destroy()
      done(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
