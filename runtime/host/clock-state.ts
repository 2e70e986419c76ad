/** Any clock of a space, as instances and the database can follow it. */

import type { ClockState } from '../../clock/adjustable-clock.ts'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import type { Clock } from '../../clock/clock.ts'

export function clockState(clock: Clock): ClockState {
  if (clock instanceof AdjustableClock) return clock.state
  // A clock that is moved by hand stands still in between; others keep their distance to the machine's.
  if (clock.onMove) return { offsetMs: 0, frozenAt: clock.now() }
  const offsetMs = clock.now() - Date.now()
  return { offsetMs: Math.abs(offsetMs) < 1000 ? 0 : offsetMs }
}
