/** `Date` of an instance, on the space's clock: a test that moves time moves it for user code too. */
import type { Clock } from '../../clock/clock.ts'

/**
 * A `Date` whose "now" is the clock's. The prototype is the real one, so that dates made before, by other realms or
 * by structured clone are instances of it as well.
 */
export function dateOn(clock: Clock): DateConstructor {
  const real = Date
  const onClock = new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [clock.now()] : args, newTarget),
    apply: () => new real(clock.now()).toString(),
    get: (target, key, receiver) =>
      key === 'now' ? now : Reflect.get(target, key, receiver === onClock ? target : receiver),
  })
  const now = (): number => clock.now()
  return onClock
}
