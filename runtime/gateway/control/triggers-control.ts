/** Timers as the control API needs them; the composition root hands in what its scheduler can do. */
import type { Outcome } from '../../invocation.ts'

/** One timer, for lists. Times are ISO 8601, UTC. */
export interface TriggerView {
  functionName: string
  triggerName: string
  /** Expression as written. */
  config: string
  /** Next fire times, soonest first. */
  next: string[]
  /** Why it never fires, when the expression is wrong. */
  problem?: string
  lastRun?: { at: string; ok: boolean; durationMs?: number; errMsg?: string }
}

export interface TriggersControl {
  list(): TriggerView[] | Promise<TriggerView[]>
  /**
   * Fires now, beside the schedule.
   * @param triggerName default: the function's only timer
   * @returns nothing when the function has no such timer
   */
  fire(functionName: string, options: { triggerName?: string }): Promise<Outcome | undefined>
}
