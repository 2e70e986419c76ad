/** Which process something belongs to, told apart from a later one with the same number: what lock files keep. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

export interface ProcessIdentity {
  pid: number
  /** When it started, in the kernel's own ticks; '' where the system does not tell. */
  started: string
  host: string
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: processStatus(process.pid).started, host: hostname() }
}

/** Whether it is a process of this machine; others cannot be asked whether they live. */
export function isHere({ host }: ProcessIdentity): boolean {
  return host === hostname()
}

/** Whether a process of this machine still lives, and is the one that was meant. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = processStatus(pid)
  // Killed, and its parent has not asked for its end yet: containers are full of parents that never do.
  if (now.state === 'Z' || now.state === 'X') return false
  return now.started === '' || started === '' || now.started === started
}

// internals

/** State of a process and its start time, where the system tells; '' elsewhere. */
function processStatus(pid: number): { state: string; started: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name may hold blanks and brackets; the fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return { state: '', started: '' }
  }
}
