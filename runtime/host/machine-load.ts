/** Whether the machine has anything to give: a further instance on busy processors makes everything slower. */
import { cpus } from 'node:os'

/** Reading the counters of all processors is not free. In milliseconds. */
const windowMs = 100
/** Below this share of idle time the machine counts as busy. */
const idleShare = 0.1
/** A host that is busy itself is what calls wait for, not the number of instances. */
const hostShare = 0.95

export class MachineLoad {
  #readAt = Number.NEGATIVE_INFINITY
  #before = processorTimes()
  #hostBefore = performance.eventLoopUtilization()
  #saturated = false

  /** As of the last tenth of a second. */
  get saturated(): boolean {
    const now = performance.now()
    if (now - this.#readAt < windowMs) return this.#saturated
    // After a pause the counters cover the pause, too; the next reading is about now.
    const stale = now - this.#readAt > 10 * windowMs
    this.#readAt = now
    const times = processorTimes()
    const idle = (times.idle - this.#before.idle) / Math.max(1, times.total - this.#before.total)
    const host = performance.eventLoopUtilization(this.#hostBefore).utilization
    this.#before = times
    this.#hostBefore = performance.eventLoopUtilization()
    this.#saturated = !stale && (idle < idleShare || host > hostShare)
    return this.#saturated
  }
}

// internals

function processorTimes(): { idle: number; total: number } {
  let idle = 0
  let total = 0
  for (const { times } of cpus()) {
    idle += times.idle
    total += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idle, total }
}
