/** Whether waiting calls would be answered sooner by another instance (docs/decisions/instances.md). */
import type { CallQueue } from './call-queue.ts'
import type { InstanceSet } from './instance-set.ts'
import type { MachineLoad } from './machine-load.ts'
import type { Pace } from './pace.ts'

/** After so long without any progress a waiting call gets another instance even on a busy machine. In milliseconds. */
const starvedMs = 500

export interface ScalingParts {
  readonly queue: CallQueue
  readonly instances: InstanceSet
  readonly pace: Pace
  readonly load: MachineLoad
}

export class Scaling {
  readonly #parts: ScalingParts
  #startedAt = 0

  constructor(parts: ScalingParts) {
    this.#parts = parts
  }

  /** An instance was started. */
  started(): void {
    this.#startedAt = performance.now()
  }

  /** @param behind a whole tick has passed and the queue will not be gone soon */
  worthAnother(behind: boolean): boolean {
    const { instances, pace, load } = this.#parts
    if (!instances.ready) return true
    // The first results will tell what kind of function it is; they may be here in a moment.
    if (!pace.known) return behind
    if (pace.quick) return behind && (!load.saturated || this.#starved())
    // On busy processors those that compute only take time from each other; those that wait do not.
    return !load.saturated || !instances.computing || this.#starved()
  }

  // internals

  /** Calls wait, and for a long time nothing has ended and nothing was started. */
  #starved(): boolean {
    const { queue, pace } = this.#parts
    const now = performance.now()
    const waitsSince = queue.first?.queuedAt ?? now
    return now - Math.max(waitsSince, this.#startedAt, pace.lastFinishedAt) > starvedMs
  }
}
