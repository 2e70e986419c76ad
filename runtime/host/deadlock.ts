/**
 * Nested calls must not wait for each other in a circle (spec/runtime.md §3, point 4). The moment a nested call is
 * about to queue is the only one at which a circle can close, so it is checked there and nowhere else: a call that
 * would wait for instances whose every call waits, over however many corners, for such a wait to end, is refused.
 */
import type { CallPlace, HostCall } from './host-call.ts'

/** Whether a nested call that waits in this full place would wait for ever. */
export function wouldDeadlock(place: CallPlace, call: HostCall): boolean {
  const reachable = new Set<HostCall>([call])
  for (const next of reachable) {
    // Sets grow while they are walked: this visits everything the call depends on.
    for (const dependency of dependenciesOf(next, place)) reachable.add(dependency)
  }
  return !canProgress(reachable, place).has(call)
}

// internals

/** A running call depends on its nested calls, a waiting one on those that hold the instances. */
function dependenciesOf(call: HostCall, place: CallPlace): Iterable<HostCall> {
  return call.running ? call.children : (call.place ?? place).runningCalls()
}

/** Grows the set of calls that will end by themselves until it grows no more. */
function canProgress(calls: ReadonlySet<HostCall>, place: CallPlace): Set<HostCall> {
  const able = new Set<HostCall>()
  for (let before = -1; before < able.size; ) {
    before = able.size
    for (const call of calls) if (!able.has(call) && isAble(call, able, place)) able.add(call)
  }
  return able
}

function isAble(call: HostCall, able: ReadonlySet<HostCall>, place: CallPlace): boolean {
  // Code that waits for several nested calls may need all of them.
  if (call.running) return [...call.children].every((child) => able.has(child))
  const where = call.place ?? place
  if (where.hasRoom()) return true
  for (const running of where.runningCalls()) if (able.has(running)) return true
  return false
}
