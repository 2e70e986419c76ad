/** Timers as the control API needs them; the composition root hands in its own (runtime/timers.ts). */
import type { TriggerStatus } from '../../../triggers/scheduler.ts'
import type { Outcome } from '../../invocation.ts'

export interface TriggersControl {
  /** All timers, each with up to `count` coming fire times. */
  list(count: number): readonly TriggerStatus[]
  /** Fires a function's timer now, beside the schedule. */
  fireNow(functionName: string): Promise<Outcome>
}
