import type { Clock } from '../../clock/clock.ts'
import { fail } from './errors.ts'
import type { Pause } from './pause.ts'
import type { Blocked } from './transactions/unit.ts'

/** Who waits, and how long. */
export interface Waiting {
  readonly clock: Clock
  /** When the command began, by that clock. */
  readonly started: number
  readonly pause: Pause
  readonly signal: AbortSignal | undefined
}

/**
 * Parks a plain write until the transaction in its way has ended (spec/embedded-database.md §10).
 * @throws DatabaseError 50 after five seconds, or when the command's own time is up; 11601 when its caller gives up
 */
export async function parked(blocked: Blocked, { clock, started, pause, signal }: Waiting): Promise<void> {
  const left = Math.min(started + MAX_WAIT_MS - clock.now(), pause.left)
  const outcome = left > 0 ? await firstOf(blocked.by.whenEnded(), clock, left, signal) : 'late'
  if (outcome === 'given up') fail(11601, 'operation was interrupted')
  if (outcome === 'late') fail(50, TOO_LATE)
}

// internals

const MAX_WAIT_MS = 5000

const TOO_LATE =
  'operation exceeded time limit while it waited for an open transaction that has written the same document'

type Outcome = 'ended' | 'late' | 'given up'

/** Waits for the first of: an end, so many milliseconds of the clock, a caller who gives up. */
function firstOf(
  end: Promise<void>,
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const settle = (outcome: Outcome) => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', giveUp)
      resolve(outcome)
    }
    const giveUp = () => settle('given up')
    const timer = clock.setTimer(() => settle('late'), ms)
    signal?.addEventListener('abort', giveUp, { once: true })
    void end.then(() => settle('ended'))
  })
}
