/**
 * The sandbox's time: the space's clock plus what was advanced here. Schedules, expiry and bill dates run on it;
 * timestamps inside signatures stay on the space's clock, so that receivers' ±5 min checks hold after an advance
 * (payment-platforms.md §1.2).
 */
import type { Clock } from '../../clock/clock.ts'

export class BusinessClock {
  readonly space: Clock
  #aheadMs: number

  constructor(space: Clock, aheadMs = 0) {
    this.space = space
    this.#aheadMs = aheadMs
  }

  /** How far it was advanced, in milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  /** Business time, epoch ms. */
  now(): number {
    return this.space.now() + this.#aheadMs
  }

  /** The time that goes into signatures, epoch ms. */
  signing(): number {
    return this.space.now()
  }

  /** Moves business time to an instant, forwards only; fires nothing by itself (agenda.ts does). */
  forwardTo(instant: number): void {
    this.#aheadMs += Math.max(0, instant - this.now())
  }

  rewind(): void {
    this.#aheadMs = 0
  }
}
